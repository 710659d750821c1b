//! Is anything wrong, legible from across a room: a tile per host where they fit, else a tile per
//! site with its worst three.

use super::banner::counted;
use super::small::words;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use crate::ui::columns::row_role;
use crate::ui::format;
use crate::ui::line::{Line, fit};
use crate::ui::sites::{Site, sites};
use crate::ui::state::UiState;
use crate::ui::theme::Role;
use crate::ui::view_model::ViewLine;
use crate::ui::world::World;

/// A tile is at least so wide, in cells.
const NARROWEST: usize = 30;
/// And at most so wide, where the screen has room for another one.
const WIDEST: usize = 66;
/// No more tiles than this stand beside each other.
const MOST_BESIDE: usize = 6;
/// Cells between tiles.
const GAP: usize = 2;
/// How many of a site's worst are named.
const WORST: usize = 3;
/// Lines of a site's tile, and of a host's.
const SITE_LINES: usize = 1 + WORST;
const HOST_LINES: usize = 3;
/// How long a page stays, in seconds.
const PAGE_SECONDS: i64 = 15;

/// One tile: what it says, and whom it is about.
#[derive(Debug)]
struct Tile<'a> {
    role: Role,
    title: Line,
    lines: Vec<Line>,
    hosts: Vec<&'a TargetSnapshot>,
}

impl Tile<'_> {
    fn is_in_trouble(&self) -> bool {
        self.hosts.iter().any(|host| host.is_in_trouble())
    }

    fn holds(&self, id: TargetId) -> bool {
        self.hosts.iter().any(|host| host.target.id == id)
    }
}

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
    /// Tiles beside each other.
    pub columns: usize,
    /// Lines of a tile.
    tile: usize,
    /// Tiles on a page.
    pub page: usize,
    of: &'static str,
}

impl<'a> Wall<'a> {
    /// The tiles for so many lines.
    #[must_use]
    pub fn new(world: &World<'a>, state: &UiState, height: usize) -> Self {
        let width = usize::from(state.size.width);
        let sites = sites(world.snapshot, state);
        let height = height.saturating_sub(1);
        let most = ((width + GAP) / (NARROWEST + GAP)).clamp(1, MOST_BESIDE);
        let least = width.div_ceil(WIDEST + GAP).clamp(1, most);
        let named = sites.len() > 1;
        let tall = |columns: &usize| {
            let of = |site: &Site<'_>| site.hosts.len().div_ceil(*columns) * (HOST_LINES + 1);
            sites.iter().map(|site| usize::from(named) + of(site)).sum::<usize>()
        };
        if let Some(columns) = (least..=most).find(|columns| tall(columns) <= height + 1) {
            let bands = sites.iter().map(|site| Band {
                heading: named.then(|| heading(site)),
                tiles: site.hosts.iter().map(|host| host_tile(world, host)).collect(),
            });
            let bands = bands.collect();
            return Self { bands, columns, tile: HOST_LINES, page: usize::MAX, of: "host" };
        }
        let rows = ((height + 1) / (SITE_LINES + 1)).max(1);
        let columns = (least..=most).find(|columns| sites.len() <= rows * columns).unwrap_or(most);
        let tiles = sites.into_iter().map(|site| site_tile(world, site)).collect();
        let bands = vec![Band { heading: None, tiles }];
        Self { bands, columns, tile: SITE_LINES, page: rows * columns, of: "site" }
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
        self.tiles().count().div_ceil(self.page).max(1)
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
        let each = self.tile_width(usize::from(state.size.width)) + GAP;
        let column =
            Some(x / each).filter(|column| *column < self.columns && x % each < each - GAP)?;
        let mut top = 1;
        let mut before = self.beginning(state, world);
        for band in &self.bands {
            top += usize::from(band.heading.is_some());
            let height = band.tiles.len().min(self.page).div_ceil(self.columns) * (self.tile + 1);
            if let Some(inside) = line.checked_sub(top).filter(|inside| *inside < height) {
                let place = inside / (self.tile + 1) * self.columns + column;
                let there = inside % (self.tile + 1) < self.tile && place < band.tiles.len();
                return there.then_some(before + place);
            }
            top += height;
            before += band.tiles.len();
        }
        None
    }

    /// Cells of a tile.
    fn tile_width(&self, width: usize) -> usize {
        (width.saturating_sub((self.columns - 1) * GAP) / self.columns).max(1)
    }

    /// The first tile on the page that is seen.
    #[must_use]
    pub fn beginning(&self, state: &UiState, world: &World<'_>) -> usize {
        self.shown(state, world.snapshot.now.wall.unix_secs()).saturating_mul(self.page)
    }

    /// The pages on which somebody is in trouble.
    fn troubled(&self) -> Vec<usize> {
        let places = self.tiles().enumerate().filter(|(_, tile)| tile.is_in_trouble());
        let mut pages: Vec<usize> = places.map(|(place, _)| place / self.page).collect();
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
    for band in &wall.bands {
        lines.extend(band.heading.iter().map(|heading| heading.clone().cut(width)));
        let tiles: Vec<&Tile<'_>> = band.tiles.iter().collect();
        let page = tiles.chunks(wall.page).nth(shown).unwrap_or_default();
        for row in page.chunks(wall.columns) {
            lines.extend(row_lines(row, &wall, state));
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
fn row_lines(row: &[&Tile<'_>], wall: &Wall<'_>, state: &UiState) -> Vec<Line> {
    let width = usize::from(state.size.width);
    let each = wall.tile_width(width);
    (0..wall.tile)
        .map(|number| {
            let mut line = Line::new();
            for (place, tile) in row.iter().enumerate() {
                line = line.pad_to(place * (each + GAP));
                line = line.join(tile_line(tile, number, each, state));
            }
            line.cut(width)
        })
        .collect()
}

/// One line of a tile, filled to its edge.
fn tile_line(tile: &Tile<'_>, number: usize, width: usize, state: &UiState) -> Line {
    let selected = state.selected.is_some_and(|id| tile.holds(id));
    let mut line = Line::of(tile.role, if selected && number == 0 { "" } else { " " });
    if selected && number == 0 {
        line = line.glyph(Role::Selection);
    }
    let text = match number {
        0 => Some(&tile.title),
        _ => tile.lines.get(number - 1),
    };
    let line = text.map_or(line.clone(), |text| line.join(text.clone())).cut(width);
    let missing = width.saturating_sub(line.width());
    line.text(tile.role, &" ".repeat(missing))
}

/// What a tile looks like whose worst is in this state.
const fn tile_role(state: TargetState) -> Role {
    match state {
        TargetState::Critical => Role::TileCritical,
        TargetState::Warning => Role::TileWarning,
        TargetState::Ok => Role::TileOk,
        TargetState::NotMeasured
        | TargetState::Asleep
        | TargetState::Waking
        | TargetState::Unknown => Role::TileQuiet,
    }
}

fn heading(site: &Site<'_>) -> Line {
    Line::of(Role::Heading, &format!(" {}  ", site.name.to_uppercase()))
        .join(counted(site.hosts.iter().copied(), false))
}

fn host_tile<'a>(world: &World<'_>, host: &'a TargetSnapshot) -> Tile<'a> {
    let maintained = host.maintenance.is_some();
    let role = if maintained { Role::TileQuiet } else { tile_role(host.state) };
    let title = Line::new()
        .glyph_in(row_role(host), role)
        .text(role, &format!(" {}", host.target.name.to_uppercase()));
    let below = if host.is_in_trouble() {
        format!("for {}", format::age(world.snapshot.now.wall.since(host.state_since)))
    } else {
        host.address.map_or_else(String::new, |address| address.to_string())
    };
    let lines = vec![
        Line::of(role, &format!("  {}", words(world, host))),
        Line::of(role, &format!("  {below}")),
    ];
    Tile { role, title, lines, hosts: vec![host] }
}

fn site_tile<'a>(world: &World<'_>, site: Site<'a>) -> Tile<'a> {
    let role = tile_role(site.state());
    let title = Line::of(role, &format!("{}  ", fit(&site.name.to_uppercase(), 18)))
        .join(counted(site.hosts.iter().copied(), false).in_role(role));
    let troubled: Vec<Line> = site
        .hosts
        .iter()
        .filter(|host| host.is_in_trouble())
        .take(WORST)
        .map(|host| {
            let text = format!(" {}: {}", fit(&host.target.name, 14), words(world, host));
            Line::new().glyph_in(row_role(host), role).text(role, &text)
        })
        .collect();
    let lines = if troubled.is_empty() { calm(&site, role) } else { troubled };
    Tile { role, title, lines, hosts: site.hosts }
}

/// What there is to say of a site without trouble: its slowest.
fn calm(site: &Site<'_>, role: Role) -> Vec<Line> {
    let rtt = |host: &&&TargetSnapshot| host.echo_minute.median;
    let slowest = site.hosts.iter().filter(|host| rtt(host).is_some()).max_by_key(rtt);
    let text = match slowest {
        Some(host) => {
            let ms = format::ms_or_dash(host.echo_minute.median);
            format!("slowest {ms} ms, {}", host.target.name)
        }
        None => "no round trip measured".to_owned(),
    };
    vec![Line::of(role, &text)]
}
