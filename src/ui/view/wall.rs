//! Is anything wrong, legible from across a room: a tile per site with its worst three; a tile per
//! host where each has room for large letters.

mod brief;
mod item;
mod tile;

use super::banner::counted;
use crate::domain::target::TargetId;
use crate::ui::line::Line;
use crate::ui::sites::{SeenTo, Site, sites};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::widget::letters;
use crate::ui::world::World;
use tile::{Calm, Scales, Tile, WORST};

/// A tile is at least so wide, in cells.
const NARROWEST: usize = 30;
/// No more tiles than this stand beside each other.
const MOST_BESIDE: usize = 6;
/// Cells between tiles.
const GAP: usize = 2;
/// Lines of a site's tile at least: its name and its worst; with its name in large letters where the
/// screen is high enough.
const SITE_LINES: usize = 1 + WORST;
const LARGE_LINES: usize = 3 + WORST;
const LARGE_FROM: usize = 13;
/// Lines of a host's tile at least: its name in large letters, how it fares, since when.
const HOST_LINES: usize = 3 + 2;
/// How many times as wide as high a tile is read best, in cells.
const SHAPE: usize = 4;
/// How long a page stays, in seconds.
const PAGE_SECONDS: i64 = 15;

/// Tiles below one heading.
#[derive(Debug)]
struct Band<'a> {
    heading: Option<Line>,
    tiles: Vec<Tile<'a>>,
}

/// The tiles, and how they are laid out.
#[derive(Debug)]
pub struct Wall<'a> {
    bands: Vec<Band<'a>>,
    grid: Grid,
    of: &'static str,
}

/// How many tiles there are on a page, and how large they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Grid {
    /// Tiles beside each other.
    columns: usize,
    /// Cells of a tile.
    width: usize,
    /// Lines of a tile.
    height: usize,
    /// Tiles on a page.
    page: usize,
}

impl Grid {
    /// Tiles so many beside each other, and the rows of a page over all lines.
    fn of(room: Room, columns: usize, rows: usize) -> Self {
        Self {
            columns,
            width: (room.width.saturating_sub((columns - 1) * GAP) / columns).max(1),
            height: ((room.height + 1) / rows.max(1)).saturating_sub(1).max(1),
            page: columns * rows.max(1),
        }
    }

    /// How far from the shape that is read best, in hundredths.
    fn distortion(self) -> usize {
        let (wide, high) = (self.width, self.height * SHAPE);
        wide.max(high) * 100 / wide.min(high).max(1)
    }
}

/// What the tiles are laid out in.
#[derive(Debug, Clone, Copy)]
struct Room {
    width: usize,
    height: usize,
}

impl Room {
    /// How many tiles may stand beside each other.
    fn columns(self) -> std::ops::RangeInclusive<usize> {
        1..=((self.width + GAP) / (NARROWEST + GAP)).clamp(1, MOST_BESIDE)
    }

    /// The grid in which every host of every site has a tile with its name in large letters.
    fn for_hosts(self, sites: &[Site<'_>]) -> Option<Grid> {
        let headings = if sites.len() > 1 { sites.len() } else { 0 };
        let titles: Vec<Line> =
            sites.iter().flat_map(|site| &site.hosts).map(|host| tile::title(host)).collect();
        let below = Self { height: self.height.checked_sub(headings)?, ..self };
        let grids = self.columns().map(|columns| {
            let rows = sites.iter().map(|site| site.hosts.len().div_ceil(columns)).sum();
            Grid { page: usize::MAX, ..Grid::of(below, columns, rows) }
        });
        let large = grids.filter(|grid| grid.height >= HOST_LINES && all_large(&titles, *grid));
        large.min_by_key(|grid| grid.distortion())
    }

    /// The grid for so many sites: on as few pages as can be, with as many names in large letters.
    fn for_sites(self, sites: &[Site<'_>]) -> Grid {
        let least = if self.height >= LARGE_FROM { LARGE_LINES } else { SITE_LINES };
        let most = ((self.height + 1) / (least + 1)).max(1);
        let titles: Vec<Line> = sites.iter().map(tile::site_title).collect();
        let grids = self.columns().map(|columns| {
            let pages = sites.len().div_ceil(columns * most).max(1);
            Grid::of(self, columns, sites.len().div_ceil(pages).div_ceil(columns))
        });
        let rank = |grid: &Grid| {
            let pages = sites.len().div_ceil(grid.page);
            let empty = (grid.page * pages).saturating_sub(sites.len()) * 100 / sites.len().max(1);
            (pages, !all_large(&titles, *grid), grid.distortion() + empty)
        };
        grids.min_by_key(rank).unwrap_or_else(|| Grid::of(self, 1, 1))
    }
}

/// Whether every title can be drawn in large letters on one line of a tile.
fn all_large(titles: &[Line], grid: Grid) -> bool {
    titles.iter().all(|title| letters::fits(title, grid.width.saturating_sub(2)))
}

impl<'a> Wall<'a> {
    /// The tiles for so many lines.
    #[must_use]
    pub fn new(world: &World<'a>, state: &UiState, height: usize) -> Self {
        let sites = sites(world.snapshot, state);
        let width = usize::from(state.size.width);
        let room = Room { width, height: height.saturating_sub(1) };
        let named = sites.len() > 1;
        let calm = Calm::beside(&sites);
        let seen = world.snapshot.seen_to();
        if let Some(grid) = room.for_hosts(&sites) {
            let bands = sites.iter().map(|site| Band {
                heading: named.then(|| heading(site, &seen)),
                tiles: tile::of_hosts(world, site, calm, &seen),
            });
            return Self { bands: bands.collect(), grid, of: "host" };
        }
        let grid = room.for_sites(&sites);
        let tiles = sites.into_iter().map(|site| tile::of_site(world, site, calm, &seen)).collect();
        Self { bands: vec![Band { heading: None, tiles }], grid, of: "site" }
    }

    /// Tiles beside each other.
    #[must_use]
    pub const fn columns(&self) -> usize {
        self.grid.columns
    }

    /// Tiles on a page.
    #[must_use]
    pub const fn page(&self) -> usize {
        self.grid.page
    }

    fn tiles(&self) -> impl Iterator<Item = &Tile<'a>> {
        self.bands.iter().flat_map(|band| &band.tiles)
    }

    /// The worst target of each tile, in the order of the tiles.
    #[must_use]
    pub fn worst(&self) -> Vec<TargetId> {
        self.tiles().filter_map(|tile| tile.hosts.first()).map(|host| host.target.id).collect()
    }

    /// The place of the tile that a target is in.
    #[must_use]
    pub fn place(&self, id: Option<TargetId>) -> Option<usize> {
        let id = id?;
        self.tiles().position(|tile| tile.holds(id))
    }

    fn pages(&self) -> usize {
        self.tiles().count().div_ceil(self.grid.page).max(1)
    }

    /// The page that is shown: the held one; else one after the other, of those with trouble where
    /// there is any.
    fn shown(&self, state: &UiState, now: i64) -> usize {
        let pages = self.pages();
        if let Some(held) = state.wall_page {
            return held.min(pages - 1);
        }
        let troubled: Vec<usize> = self.troubled();
        let turn = usize::try_from(now.div_euclid(PAGE_SECONDS)).unwrap_or_default();
        match troubled.len() {
            0 => turn % pages,
            count => troubled.get(turn % count).copied().unwrap_or_default(),
        }
    }

    /// The tile under a cell of the body.
    #[must_use]
    pub fn tile_at(
        &self,
        world: &World<'_>,
        state: &UiState,
        line: usize,
        x: usize,
    ) -> Option<usize> {
        let Grid { columns, width, height: high, page } = self.grid;
        let (each, high) = (width + GAP, high + 1);
        let column = Some(x / each).filter(|column| *column < columns && x % each < width)?;
        let mut top = 1;
        let mut before = self.beginning(state, world);
        for band in &self.bands {
            top += usize::from(band.heading.is_some());
            let height = band.tiles.len().min(page).div_ceil(columns) * high;
            if let Some(inside) = line.checked_sub(top).filter(|inside| *inside < height) {
                let place = inside / high * columns + column;
                let there = inside % high < high - 1 && place < band.tiles.len();
                return there.then_some(before + place);
            }
            top += height;
            before += band.tiles.len();
        }
        None
    }

    /// The tiles of a band on a page.
    fn page_of<'w>(
        &'w self,
        band: &'w Band<'a>,
        shown: usize,
    ) -> impl Iterator<Item = &'w Tile<'a>> {
        band.tiles.chunks(self.grid.page).nth(shown).unwrap_or_default().iter()
    }

    /// How large titles and causes are drawn on a page: none in trouble looks worse than another
    /// because less is to be said of it.
    fn scales(&self, shown: usize) -> Scales {
        let least = |most: Scales| {
            let tiles = self.bands.iter().flat_map(|band| self.page_of(band, shown));
            let scales: Vec<Scales> = tiles
                .filter_map(|tile| tile.scales(self.grid.width, self.grid.height, most))
                .collect();
            let title = scales.iter().map(|scales| scales.title).min().unwrap_or(letters::LARGEST);
            let words = scales.iter().map(|scales| scales.words).min().unwrap_or(letters::LARGEST);
            Scales { title, words }
        };
        // Titles that are no larger leave room for the causes.
        let title = least(Scales::LARGEST).title;
        Scales { title, words: least(Scales { title, words: title }).words }
    }

    /// The first tile on the page that is seen.
    #[must_use]
    pub fn beginning(&self, state: &UiState, world: &World<'_>) -> usize {
        self.shown(state, world.snapshot.now.wall.unix_secs()).saturating_mul(self.grid.page)
    }

    /// The pages on which somebody is in trouble that nobody has seen to.
    fn troubled(&self) -> Vec<usize> {
        let places = self.tiles().enumerate().filter(|(_, tile)| tile.unseen);
        let mut pages: Vec<usize> = places.map(|(place, _)| place / self.grid.page).collect();
        pages.dedup();
        pages
    }
}

/// The wall.
#[must_use]
pub fn lines(world: &World<'_>, state: &UiState, height: usize) -> Vec<ViewLine> {
    let width = usize::from(state.size.width);
    let wall = Wall::new(world, state, height);
    if wall.tiles().next().is_none() {
        let text = format!("   No target matches \u{201c}{}\u{201d}.", state.filter.text());
        return vec![Line::of(Role::Text, &text).cut(width).into()];
    }
    let shown = wall.shown(state, world.snapshot.now.wall.unix_secs());
    let mut lines = vec![top(&wall, state, shown).cut(width)];
    let most = wall.scales(shown);
    for band in &wall.bands {
        lines.extend(band.heading.iter().map(|heading| heading.clone().cut(width)));
        let page: Vec<&Tile<'_>> = wall.page_of(band, shown).collect();
        for row in page.chunks(wall.grid.columns) {
            lines.extend(row_lines(row, wall.grid, most, state));
            lines.push(Line::new());
        }
    }
    lines.truncate(height);
    lines.into_iter().map(ViewLine::from).collect()
}

/// How much there is, and which part of it this is.
fn top(wall: &Wall<'_>, state: &UiState, shown: usize) -> Line {
    let plural =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut text = format!(" {}", plural(wall.tiles().count(), wall.of));
    if wall.of == "site" {
        let hosts = wall.tiles().map(|tile| tile.hosts.len()).sum();
        text = format!("{text}, {}", plural(hosts, "host"));
    }
    let pages = wall.pages();
    if pages == 1 {
        return Line::of(Role::Heading, &text);
    }
    let how = match wall.troubled().len() {
        _ if state.wall_page.is_some() => "held",
        0 => "turning",
        1 => "stopped on trouble",
        _ => "turning between pages with trouble",
    };
    Line::of(Role::Heading, &text)
        .text(Role::Dim, &format!("   page {} of {pages}, {how}", shown + 1))
}

/// A row of tiles, line by line.
fn row_lines(row: &[&Tile<'_>], grid: Grid, most: Scales, state: &UiState) -> Vec<Line> {
    let mut lines = vec![Line::new(); grid.height];
    for (place, tile) in row.iter().enumerate() {
        let selected = state.selected.is_some_and(|id| tile.holds(id));
        let drawn = tile.lines(grid.width, grid.height, most, selected);
        for (line, part) in lines.iter_mut().zip(drawn) {
            *line = std::mem::take(line).pad_to(place * (grid.width + GAP)).join(part);
        }
    }
    lines.into_iter().map(|line| line.cut(usize::from(state.size.width))).collect()
}

fn heading(site: &Site<'_>, seen: &SeenTo<'_>) -> Line {
    Line::of(Role::Heading, &format!(" {}  ", site.name.to_uppercase())).join(counted(
        site.hosts.iter().copied(),
        seen,
        false,
    ))
}
