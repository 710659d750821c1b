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
