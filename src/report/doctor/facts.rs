//! What the edge finds out for `doctor`. `None` means that it could not be found out here.

use crate::domain::local::{EchoAccess, EchoFacts, LocalState};
use crate::domain::time::WallTime;
use jiff::tz::TimeZone;

/// The operating system, as far as remedies differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Linux.
    Linux,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
    /// Anything else.
    Other,
}

impl Platform {
    /// The platform this program was built for.
    #[must_use]
    pub const fn current() -> Self {
        if cfg!(target_os = "linux") {
            Self::Linux
        } else if cfg!(target_os = "macos") {
            Self::Macos
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Other
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Macos => "macOS",
            Self::Windows => "Windows",
            Self::Other => "an unknown system",
        }
    }
}

/// A socket buffer, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffer {
    /// What was asked for.
    pub asked: u64,
    /// What the system granted, counted the same way.
    pub granted: u64,
}

/// `RLIMIT_NOFILE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescriptorLimit {
    /// In force.
    pub soft: u64,
    /// As far as this user may raise it.
    pub hard: u64,
}

/// Whether this machine's own sessions are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsFact {
    /// They are, by this machine's sockets.
    Followed,
    /// They are, by what their client writes down.
    Told,
    /// Nothing follows them on this system.
    NotBuilt,
    /// The system does not list its sockets, or shows nobody the log of the client. Holds what it
    /// says.
    Refused(String),
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Colours {
    /// None, or none wanted (`NO_COLOR`).
    None,
    /// Sixteen.
    Sixteen,
    /// 256.
    Indexed,
    /// 24 bits.
    #[default]
    True,
}

impl Colours {
    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::None => "no colours",
            Self::Sixteen => "16 colours",
            Self::Indexed => "256 colours",
            Self::True => "24-bit colours",
        }
    }
}

/// The terminal on the standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalFacts {
    /// Width in cells.
    pub columns: u16,
    /// Height in cells.
    pub rows: u16,
    /// `TERM`, as it is.
    pub term: Option<String>,
    /// Colours.
    pub colours: Colours,
    /// The locale is UTF-8.
    pub unicode: bool,
}

/// A file or folder that the program uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFacts {
    /// Where.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// Whether it can be written, or made when it is not there.
    pub writable: bool,
    /// What is wrong with its content, one line.
    pub problem: Option<String>,
}

/// What one target costs its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The target's name.
    pub name: String,
    /// Connections that carry data.
    pub connections_per_day: u32,
}

/// One place that alerts are told to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkFacts {
    /// What it is called, unescaped.
    pub name: String,
    /// The word of its type.
    pub kind: &'static str,
    /// Where it is, unescaped, without a secret.
    pub place: String,
    /// What would keep it from being told.
    pub problem: Option<String>,
}

/// Everything `doctor` reports on.
#[derive(Debug, Clone)]
pub struct DoctorFacts {
    /// Version of this program.
    pub version: String,
    /// The operating system.
    pub platform: Platform,
    /// The moment of the report.
    pub now: WallTime,
    /// The zone of the reader's clock.
    pub zone: TimeZone,
    /// Path of this program.
    pub program: Option<String>,
    /// Echo over IPv4.
    pub echo_v4: EchoAccess,
    /// Echo over IPv6.
    pub echo_v6: EchoAccess,
    /// Content of `/proc/sys/net/ipv4/ping_group_range`, as it is.
    pub ping_group_range: Option<String>,
    /// Effective group of this process.
    pub group: Option<u32>,
    /// Receive buffer of the ICMP socket.
    pub receive_buffer: Option<Buffer>,
    /// The echo engine.
    pub engine: EchoFacts,
    /// Interfaces, gateway, DNS servers.
    pub local: LocalState,
    /// Whether the neighbour table can be read.
    pub neighbours_readable: bool,
    /// This machine's own sessions.
    pub sessions: SessionsFact,
    /// Whether the path MTU can be measured.
    pub path_measurable: bool,
    /// Whether any certificate authority is trusted here, to judge the certificates of gateways.
    pub authorities: bool,
    /// Limit of file descriptors.
    pub descriptors: Option<DescriptorLimit>,
    /// The terminal; `None` when the standard output is none.
    pub terminal: Option<TerminalFacts>,
    /// The configuration file.
    pub config: PathFacts,
    /// The folder of the remembered state.
    pub state: PathFacts,
    /// Every configured target.
    pub budgets: Vec<Budget>,
    /// Bytes that one target takes at most.
    pub bytes_per_target: u64,
    /// Every RD Gateway that they name, and its requests.
    pub gateways: Vec<Budget>,
    /// Where alerts would be told besides the screen.
    pub sinks: Vec<SinkFacts>,
}
