//! What a configuration may say of the screen: names of views and of columns.

/// What fills the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Screen {
    /// Every target.
    #[default]
    Table,
    /// One target.
    Detail,
    /// What fires, is pending, was resolved.
    Alerts,
    /// Every site or host as a tile, legible from across a room.
    Wall,
    /// The way to one target, stop by stop.
    Path,
    /// What happened when.
    Timeline,
    /// One target in plain words.
    Simple,
}

impl Screen {
    /// Every screen by its name, in the order of `Tab`.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("table", Self::Table),
        ("detail", Self::Detail),
        ("alerts", Self::Alerts),
        ("wall", Self::Wall),
        ("path", Self::Path),
        ("timeline", Self::Timeline),
        ("simple", Self::Simple),
    ];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, screen)| *screen == self).map_or("", |(word, _)| word)
    }
}

/// Parts of the screen, one above the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PanelId {
    /// Counts, labels, the clock and the worst in words.
    Banner,
    /// What the view shows.
    Table,
    /// The selected host, beside the table only.
    Preview,
    /// Alerts in one line.
    Alerts,
    /// Keys, what is typed and what answers a key.
    Keys,
}

impl PanelId {
    /// Every part by its name, in the order in which they stand when nothing else is said.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("banner", Self::Banner),
        ("table", Self::Table),
        ("preview", Self::Preview),
        ("alerts", Self::Alerts),
        ("keys", Self::Keys),
    ];
    /// That order.
    const USUAL: [Self; 5] = [Self::Banner, Self::Table, Self::Preview, Self::Alerts, Self::Keys];
    /// Those that always stand: without them something would be overlooked.
    pub const NEEDED: [Self; 2] = [Self::Banner, Self::Table];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, panel)| *panel == self).map_or("", |(word, _)| word)
    }
}

/// Which parts of the screen there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Panels {
    /// In this order; empty: all of them in the usual one.
    pub order: Vec<PanelId>,
    /// Lines of the preview, in per cent of what table and preview share; `None`: as many as it
    /// needs, where rows leave them.
    pub preview: Option<u8>,
}

impl Panels {
    /// Whether a part is on the screen, where it has room.
    #[must_use]
    pub fn has(&self, panel: PanelId) -> bool {
        self.in_order().contains(&panel)
    }

    /// Whether `first` stands above `second`.
    #[must_use]
    pub fn is_above(&self, first: PanelId, second: PanelId) -> bool {
        let place = |wanted| self.in_order().iter().position(|panel| *panel == wanted);
        place(first).is_some_and(|first| place(second).is_none_or(|second| first < second))
    }

    /// The parts in their order.
    #[must_use]
    pub fn in_order(&self) -> &[PanelId] {
        if self.order.is_empty() { &PanelId::USUAL } else { &self.order }
    }
}

/// Columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is a row of the table of columns, with its heading")]
pub enum ColumnId {
    Name,
    Address,
    Group,
    Loss,
    LossBoth,
    Last,
    Median,
    P95,
    Best,
    Worst,
    Deviation,
    Jitter,
    Spark,
    Ladder,
    LadderWide,
    Certificate,
    Since,
    Risk,
    Why,
}

impl ColumnId {
    /// Every column by its name in configurations.
    pub const WORDS: [(&'static str, Self); 19] = [
        ("target", Self::Name),
        ("address", Self::Address),
        ("group", Self::Group),
        ("loss", Self::Loss),
        ("loss-both", Self::LossBoth),
        ("last", Self::Last),
        ("median", Self::Median),
        ("p95", Self::P95),
        ("best", Self::Best),
        ("worst", Self::Worst),
        ("deviation", Self::Deviation),
        ("jitter", Self::Jitter),
        ("sparkline", Self::Spark),
        ("ladder", Self::Ladder),
        ("ladder-wide", Self::LadderWide),
        ("certificate", Self::Certificate),
        ("since", Self::Since),
        ("risk", Self::Risk),
        ("why", Self::Why),
    ];

    /// Its name in configurations.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, column)| *column == self).map_or("", |(word, _)| word)
    }
}
