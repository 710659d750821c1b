//! What stands on a tile, as large as its room allows.

use super::brief::brief;
use super::item::{ANY, Drawn, Item};
use crate::domain::alert::Alert;
use crate::domain::snapshot::{TargetSnapshot, TargetState};
use crate::domain::target::TargetId;
use crate::ui::causes::{self, Trouble};
use crate::ui::columns::row_role;
use crate::ui::format;
use crate::ui::line::{Line, fit, fit_name};
use crate::ui::sites::{SeenTo, Site, is_seen_to};
use crate::ui::theme::{GlyphSet, Role};
use crate::ui::view::banner::{counted, seen_word};
use crate::ui::view::small::words;
use crate::ui::widget::letters::{self, LARGEST};
use crate::ui::world::World;
use unicode_width::UnicodeWidthStr as _;

/// How many of a site's worst are named.
pub(super) const WORST: usize = 3;
/// Lines from which on a tile has one for what is spare.
const ROOMY: usize = 7;
/// No name of a site is cut to fewer cells for large letters.
const SHORTEST: usize = 5;
/// The longest name on a tile, in cells.
const NAME: usize = 40;
/// Hosts of a site with the same cause from which on they are told together: a tile has room for few.
const TOGETHER: usize = 2;

/// How large what is said of nobody in trouble may be drawn: beside trouble it stays behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calm(usize);

impl Calm {
    pub(super) fn beside(sites: &[Site<'_>]) -> Self {
        Self(if sites.iter().any(Site::is_in_trouble) { 1 } else { 2 })
    }

    /// How large the title and the words of a tile may be.
    const fn most(self, in_trouble: bool) -> (usize, usize) {
        if in_trouble { (LARGEST, LARGEST) } else { (self.0, self.0 - 1) }
    }
}

/// How large the title of a tile and the words below it are drawn, at most; 0 is ordinary letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scales {
    pub(super) title: usize,
    pub(super) words: usize,
}

impl Scales {
    /// As large as can be.
    pub(super) const LARGEST: Self = Self { title: LARGEST, words: LARGEST };
}

/// One tile: what it says, most important first, and whom it is about, first who is named first.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    role: Role,
    glyphs: GlyphSet,
    items: Vec<Item>,
    /// How many are not named, where there is room to say so: the title counts them.
    more: Option<Line>,
    /// What is said where there is room for it: in words, and in brief.
    spare: Option<[Line; 2]>,
    pub(super) hosts: Vec<&'a TargetSnapshot>,
    /// Somebody is in trouble that nobody has seen to.
    pub(super) unseen: bool,
}

impl Tile<'_> {
    pub(super) fn holds(&self, id: TargetId) -> bool {
        self.hosts.iter().any(|host| host.target.id == id)
    }

    /// How large its title and its first cause are drawn in so many cells and lines, at `most` so
    /// large; `None` where it is about no trouble.
    pub(super) fn scales(&self, width: usize, height: usize, most: Scales) -> Option<Scales> {
        let troubled = self.hosts.first().is_some_and(|host| host.is_in_trouble());
        troubled.then(|| self.grown(width.saturating_sub(2).max(1), height, most).1)
    }

    /// The tile in so many cells and lines, filled to its edges, at `most` so large.
    pub(super) fn lines(
        &self,
        width: usize,
        height: usize,
        most: Scales,
        selected: bool,
    ) -> Vec<Line> {
        let inner = width.saturating_sub(2).max(1);
        let (mut lines, _) = self.grown(inner, height, most);
        lines.resize(height, Line::new());
        let edged = lines.into_iter().enumerate().map(|(number, line)| {
            let begun = match number {
                0 if selected => Line::new().glyph(Role::Selection),
                _ => Line::of(self.role, " "),
            };
            let line = begun.join(line).cut(width);
            let missing = width.saturating_sub(line.width());
            line.text(self.role, &" ".repeat(missing))
        });
        edged.collect()
    }

    /// What there is to say, and below it how many more are in trouble and how all fare, where no more
    /// of it stands in block letters without that. Besides, how large the title and the first cause
    /// became.
    fn grown(&self, width: usize, height: usize, most: Scales) -> (Vec<Line>, Scales) {
        let spare = self.spare.as_ref().filter(|_| height >= ROOMY);
        let spare = spare.map(|[words, brief]| if words.width() <= width { words } else { brief });
        let added: Vec<&Line> = self.more.iter().chain(spare).collect();
        let mut parts = self.parts(width, height.saturating_sub(added.len()), most);
        let larger = self.parts(width, height, most);
        let legible = |parts: &[Drawn]| {
            let title = parts.first().is_some_and(|part| part.scale > 0);
            (title, parts.iter().filter(|part| part.scale > 0).count(), parts.len())
        };
        if legible(&larger) > legible(&parts) {
            parts = larger;
        }
        let scale = |place: usize| parts.get(place).map_or(0, |part| part.scale);
        let grown = Scales { title: scale(0), words: scale(1) };
        let mut parts: Vec<Vec<Line>> = parts.into_iter().map(|part| part.lines).collect();
        for line in added {
            if parts.iter().map(Vec::len).sum::<usize>() < height {
                parts.push(vec![line.clone().in_role(self.role).cut(width)]);
            }
        }
        let taken: usize = parts.iter().map(Vec::len).sum();
        let apart = usize::from(taken + parts.len().saturating_sub(1) <= height);
        (parts.join(vec![Line::new(); apart].as_slice()), grown)
    }

    /// Everything on a line of ordinary letters as far as there is room, then the title in block
    /// letters and each cause on a row of them, then all of it step by step larger: nothing becomes
    /// larger while something more important has no room to.
    fn parts(&self, width: usize, room: usize, most: Scales) -> Vec<Drawn> {
        let look = (self.role, self.glyphs);
        let items = || self.items.iter().take(room);
        let mut parts: Vec<Drawn> = items().map(|item| item.short(self.role, width)).collect();
        let row = letters::height(self.glyphs, 1) + 1;
        let all = 0..parts.len();
        let first =
            [(0..1, 1, room), (1..2, 1, row), (all.clone(), 0, room), (all.clone(), 1, row)];
        let then = (1..=LARGEST).map(|scale| (all.clone(), scale, room));
        for (places, scale, most_lines) in first.into_iter().chain(then) {
            for (place, item) in items().enumerate().filter(|(place, _)| places.contains(place)) {
                let limit = if place == 0 { most.title } else { most.words };
                let taken: usize = parts.iter().map(|part| part.lines.len()).sum();
                let Some(part) = parts.get_mut(place) else { break };
                if scale > limit.min(item.most) || scale < part.scale {
                    continue;
                }
                let room = (room + part.lines.len()).saturating_sub(taken).min(most_lines);
                match item.at(scale, look, (width, room), part) {
                    Some(larger) => *part = larger,
                    None if place == 0 || part.scale == scale => {}
                    None => break,
                }
            }
        }
        parts
    }
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

/// A tile for each host of a site.
pub(super) fn of_hosts<'a>(
    world: &World<'_>,
    site: &Site<'a>,
    calm: Calm,
    seen: &SeenTo<'_>,
) -> Vec<Tile<'a>> {
    site.hosts.iter().map(|host| of_host(world, host, calm, seen)).collect()
}

/// A host: its name, how it fares and whether somebody has seen to it, since when or where.
fn of_host<'a>(
    world: &World<'_>,
    host: &'a TargetSnapshot,
    calm: Calm,
    seen: &SeenTo<'_>,
) -> Tile<'a> {
    let (most, most_words) = calm.most(host.is_in_trouble());
    let seen = seen.get(&host.target.id).filter(|_| host.is_in_trouble());
    let quiet = host.maintenance.is_some() || seen.is_some();
    let role = if quiet { Role::TileQuiet } else { tile_role(host.state) };
    let glyph = if seen.is_some() { Role::StateMuted } else { row_role(host) };
    let all = words(world, host);
    let line = |text: &str| Line::of(role, text);
    let name = Item::of(titled(host, glyph), most);
    let items = if host.is_in_trouble() {
        // Beside a cause stands how long that is there, not how long the host has been in its state.
        let since = host.worst().map_or(host.state_since, |finding| finding.since);
        let lasting = format!("for {}", format::age(world.snapshot.now.wall.since(since)));
        let all = told(all, seen.copied());
        let both = line(&format!("{all}, {lasting}"));
        let brief = brief(host).filter(|_| !quiet);
        let cause = cause(line(&all), brief.map(line), [both.clone(), line(&lasting)], most_words);
        vec![name, cause]
    } else {
        let below = host.address.map_or_else(String::new, |address| address.to_string());
        vec![name, Item::of(line(&all), most_words), Item::of(line(&below), 0)]
    };
    let unseen = host.is_in_trouble() && seen.is_none();
    Tile { role, glyphs: world.glyphs, items, more: None, spare: None, hosts: vec![host], unseen }
}

/// Why a host is in trouble and how long it has been: on one row of block letters as far as it stands
/// there.
fn cause(all: Line, brief: Option<Line>, below: [Line; 2], most: usize) -> Item {
    let [both, lasting] = below;
    let lines = [both.clone(), all.clone()].into_iter().chain(brief.clone());
    let item = Item::saying(lines.collect(), most).large(all.clone(), 1, vec![lasting.clone()]);
    let Some(brief) = brief else { return item.large(all, ANY, vec![lasting]) };
    item.large(brief.clone(), 1, vec![both.clone()]).large(all, 2, vec![lasting]).large(
        brief,
        2,
        vec![both],
    )
}

/// What is wrong, and in front of it that somebody has seen to it.
fn told(words: String, seen: Option<&Alert>) -> String {
    match seen {
        Some(alert) => format!("{}: {words}", seen_word(alert)),
        None => words,
    }
}

/// The title of a host's tile.
pub(super) fn title(host: &TargetSnapshot) -> Line {
    titled(host, row_role(host))
}

fn titled(host: &TargetSnapshot, glyph: Role) -> Line {
    let name = fit_name(&host.target.name.to_uppercase(), NAME);
    Line::new().glyph(glyph).text(Role::Text, &format!(" {name}"))
}

/// A site: its name with its counts, and its worst. It is quiet where somebody has seen to all of its
/// trouble.
pub(super) fn of_site<'a>(
    world: &World<'_>,
    site: Site<'a>,
    calm: Calm,
    seen: &SeenTo<'_>,
) -> Tile<'a> {
    let role = if site.is_seen_to(seen) { Role::TileQuiet } else { tile_role(site.state(seen)) };
    let troubles = causes::among(site.hosts.iter().copied(), TOGETHER, seen);
    let first = troubles.first().map(|trouble| trouble.worst.target.id);
    let most = calm.most(first.is_some());
    let mut items = vec![heading(&site, role, seen, (first.is_some(), most.0))];
    if first.is_none() {
        items
            .extend(quiet_lines(world, &site, seen).into_iter().map(|line| Item::of(line, most.1)));
    }
    items.extend(troubles.iter().take(WORST).map(|trouble| worst(world, trouble, seen, most.0)));
    let more: usize = troubles.iter().skip(WORST).map(|trouble| trouble.hosts).sum();
    let counts = |words| counted(site.hosts.iter().copied(), seen, words);
    let spare = first.map(|_| [counts(true), counts(false)]);
    let unseen = first.is_some() && !site.is_seen_to(seen);
    let mut hosts = site.hosts;
    hosts.sort_by_key(|host| Some(host.target.id) != first);
    Tile {
        role,
        glyphs: world.glyphs,
        items,
        more: (more > 0).then(|| Line::of(role, &format!("and {more} more in trouble"))),
        spare,
        hosts,
        unseen,
    }
}

/// The name of a site with its counts. In large letters only what is in trouble is counted, or the glyph
/// of its state shown.
fn heading(
    site: &Site<'_>,
    role: Role,
    seen: &SeenTo<'_>,
    (in_trouble, most): (bool, usize),
) -> Item {
    let title = |beside: Line| site_title(site).text(role, "  ").join(beside);
    let glyph = Line::new().glyph(site.glyph(seen));
    let beside = if in_trouble { vec![troubled(site, role, seen), glyph] } else { vec![glyph] };
    let cut = beside.iter().flat_map(|beside| {
        let letters = (SHORTEST..site.name.width()).rev();
        letters.map(|letters| named(site, letters).text(role, " ").join(beside.clone()))
    });
    let forms = |mut item: Item, rows: usize| {
        for (place, one) in beside.iter().enumerate() {
            let line = title(one.clone());
            item = match place {
                0 => item.large(line, rows, Vec::new()),
                _ => item.saying_less(line, rows, Vec::new()),
            };
        }
        item
    };
    let all = counted(site.hosts.iter().copied(), seen, false);
    let lines = std::iter::once(all).chain(beside.clone());
    let item = Item::saying(lines.map(title).collect(), most);
    forms(cut.fold(forms(item, 1), Item::smallest), ANY)
}

/// How many are in trouble: those that nobody has seen to, or all where somebody has seen to each.
fn troubled(site: &Site<'_>, role: Role, seen: &SeenTo<'_>) -> Line {
    let troubled = site.hosts.iter().copied().filter(|host| host.is_in_trouble());
    if site.is_seen_to(seen) {
        return Line::new().glyph(Role::StateMuted).text(role, &troubled.count().to_string());
    }
    counted(troubled.filter(|host| !is_seen_to(host, seen)), seen, false)
}

/// What is said of a site without trouble: who is asked again, how its hosts fare, who is slowest.
fn quiet_lines(world: &World<'_>, site: &Site<'_>, seen: &SeenTo<'_>) -> Vec<Line> {
    let all = || site.hosts.iter().copied();
    let asked_again = all().filter(|h| h.maintenance.is_none() && h.unconfirmed().is_some());
    let named = asked_again.take(WORST).map(|host| line_of(world, host, None));
    named.chain([counted(all(), seen, true)]).chain(slowest(site)).collect()
}

/// What a site is called.
pub(super) fn site_title(site: &Site<'_>) -> Line {
    named(site, NAME)
}

/// Its name in so many cells.
fn named(site: &Site<'_>, width: usize) -> Line {
    Line::of(Role::Text, &fit(&site.name.to_uppercase(), width))
}

/// Who is in trouble, and why: a host, or how many with it. In block letters why comes before who where
/// both have no room.
fn worst(world: &World<'_>, trouble: &Trouble<'_>, seen: &SeenTo<'_>, most: usize) -> Item {
    let host = trouble.worst;
    let seen = seen.get(&host.target.id).copied();
    let name = fit_name(&host.target.name, NAME);
    let (who, few, why) = if trouble.is_shared() {
        let many = format!("{} hosts", trouble.hosts);
        (format!("{name} and {} more", trouble.hosts - 1), many, trouble.title.to_owned())
    } else {
        (name.clone(), name, words(world, host))
    };
    let line = |text: String| glyph_and(host, &text, seen);
    let all = format!("{who}: {why}");
    let mut lines = vec![line(all.clone()), line(format!("{few}: {why}"))];
    if trouble.is_shared() {
        let s = if trouble.hosts == 2 { "" } else { "s" };
        lines.insert(0, line(format!("{who} host{s}: {why}")));
    }
    let Some(brief) = brief(host).filter(|_| seen.is_none()) else {
        lines.push(line(why));
        return Item::saying(lines, most).large(line(all), ANY, Vec::new());
    };
    let plain = |text: String| Line::of(Role::Text, &text);
    let named = if trouble.is_shared() { all.clone() } else { why.clone() };
    let who_else = if trouble.is_shared() { vec![plain(all.clone())] } else { Vec::new() };
    let nameless = vec![plain(all), plain(format!("{few}: {why}")), plain(few.clone())];
    lines.extend([line(format!("{few}: {brief}")), line(brief.to_owned())]);
    let named = vec![plain(named), plain(why.clone())];
    Item::saying(lines, most)
        .large(line(format!("{few}: {why}")), 1, who_else)
        .large(line(format!("{few}: {brief}")), 1, named.clone())
        .stacked(vec![line(format!("{few}:")), plain(brief.to_owned())], named)
        .saying_less(line(brief.to_owned()), 2, nameless)
}

/// A host, and how it fares.
fn line_of(world: &World<'_>, host: &TargetSnapshot, seen: Option<&Alert>) -> Line {
    let name = fit_name(&host.target.name, NAME);
    glyph_and(host, &format!("{name}: {}", words(world, host)), seen)
}

fn glyph_and(host: &TargetSnapshot, text: &str, seen: Option<&Alert>) -> Line {
    let glyph = if seen.is_some() { Role::StateMuted } else { row_role(host) };
    Line::new().glyph(glyph).text(Role::Text, &format!(" {}", told(text.to_owned(), seen)))
}

/// Who of a site without trouble is slowest; `None` where nobody is judged.
fn slowest(site: &Site<'_>) -> Option<Line> {
    let rtt = |host: &&&TargetSnapshot| host.echo_minute.median;
    let ok = site.hosts.iter().filter(|host| host.state == TargetState::Ok);
    let slowest = ok.filter(|host| rtt(host).is_some()).max_by_key(rtt)?;
    let ms = format::ms_or_dash(slowest.echo_minute.median);
    let text = format!("slowest {ms} ms, {}", fit_name(&slowest.target.name, NAME));
    Some(Line::of(Role::Text, &text))
}
