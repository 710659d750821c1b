//! Targets and settings: text in, typed configuration out.
//!
//! Precedence: command line, environment (`RDPWATCH_*`), configuration file, default. Inside the
//! file: target, group, top. [`Config::assemble`] is pure; [`read_config_file`], [`read_rdp_file`],
//! [`init`] and [`replace`] touch the file system.

pub mod edit;
mod error;
mod file;
mod host;
pub mod import;
mod keys;
mod maintenance;
mod mistakes;
mod options;
mod paths;
mod rdp_file;
mod schema;
mod select;
mod settings;
mod show;
mod sink;
mod target_spec;
mod value;

pub use error::{ConfigError, Place};
pub use host::{HostError, HostPort, parse_host, parse_host_port};
pub use options::{Environment, GlobalOptions, parse_number, process_environment, variable};
pub use paths::{
    DEFAULT_TOML, config_file, default_config_file, init, read_bounded, read_config_file, replace,
    state_dir,
};
pub use rdp_file::{GatewayUsage, RdpFile, RdpFileError};
pub use schema::{json_schema, reference};
pub use select::{WakeItem, wake_items};
pub use settings::Settings;
pub use target_spec::{NameError, TargetError, TargetSpec, default_kind, is_file};
pub(crate) use value::parse_duration;

use crate::domain::local::EchoWish;
use crate::domain::look::{ColumnId, Panels, Screen};
use crate::domain::maintenance::Window;
use crate::domain::sink::SinkSpec;
use crate::domain::target::{Expected, Family, Host, Target, TargetKind};
use crate::domain::text::excerpt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Most targets of one process.
pub const MAX_TARGETS: usize = 16_384;
/// Most DNS servers.
const MAX_DNS: usize = options::MAX_DNS;
/// The port of DNS (RFC 1035 section 4.2).
const DNS_PORT: u16 = 53;

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorMode {
    /// Where the terminal has them.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorMode {
    /// Every mode with its word in configuration.
    pub const WORDS: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("always", Self::Always), ("never", Self::Never)];

    /// The word in configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, mode)| *mode == self).map_or("", |(word, _)| word)
    }
}

/// The dashboard's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// Name of the theme, or a file: what has a slash or ends in `.toml`. Whether it exists is the
    /// screen's to say.
    pub theme: String,
    /// A file whose keys replace built-in ones; relative to the configuration file.
    pub keymap: Option<PathBuf>,
    /// What fills the screen at the start.
    pub view: Screen,
    /// The columns of the table, in this order; empty: what the width has room for.
    pub columns: Vec<ColumnId>,
    /// Which parts of the screen there are.
    pub panels: Panels,
    /// Whether only ASCII characters are drawn; `None`: as the terminal says.
    pub ascii: Option<bool>,
    /// Most redraws per second, 1 to 60.
    pub fps: u8,
    /// Colours.
    pub color: ColorMode,
    /// Who acknowledges alerts here, unescaped; `None`: the user of the session.
    pub operator: Option<String>,
}

impl Default for Ui {
    fn default() -> Self {
        Self {
            theme: "dark".to_owned(),
            keymap: None,
            view: Screen::default(),
            columns: Vec::new(),
            panels: Panels::default(),
            ascii: None,
            fps: 10,
            color: ColorMode::Auto,
            operator: None,
        }
    }
}

/// Everything a run is told, typed and checked; nothing is left to a default.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is watched: the targets named, else every target of the file. May be empty.
    pub targets: Vec<Target>,
    /// Names of the file's groups, in its order.
    pub groups: Vec<String>,
    /// What a target has that nothing else is said of.
    pub settings: Settings,
    /// DNS servers in place of the system's; empty: the system's.
    pub dns: Vec<SocketAddr>,
    /// Which addresses of a name are dialled.
    pub family: Family,
    /// Whether echo may use ICMP.
    pub icmp: bool,
    /// What sends echo over ICMP.
    pub echo_engine: EchoWish,
    /// Whether probes climb beyond the X.224 answer.
    pub deep: bool,
    /// Whether nothing is sent but probes.
    pub read_only: bool,
    /// Where alerts are told besides the screen.
    pub sinks: Vec<SinkSpec>,
    /// When they are not told, because work is planned.
    pub maintenance: Vec<Window>,
    /// The dashboard.
    pub ui: Ui,
    /// How much is logged: 0 is the least.
    pub verbosity: u8,
    /// Where the log goes.
    pub log_file: Option<PathBuf>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            groups: Vec::new(),
            settings: Settings::default(),
            dns: Vec::new(),
            family: Family::Any,
            icmp: true,
            echo_engine: EchoWish::Auto,
            deep: true,
            read_only: false,
            sinks: Vec::new(),
            maintenance: Vec::new(),
            ui: Ui::default(),
            verbosity: 0,
            log_file: None,
            file: None,
        }
    }
}

/// Reads a `.rdp` file's bytes for [`Config::assemble`].
pub type ReadRdp<'r> = &'r dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Reads a `.rdp` file of at most 1 MiB from the file system.
///
/// # Errors
/// Those of the operating system, and [`io::ErrorKind::FileTooLarge`].
pub fn read_rdp_file(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(path, u64::try_from(rdp_file::MAX_BYTES).unwrap_or(u64::MAX))
}

impl Config {
    /// Puts together what the command line, the environment, the file and the TARGET arguments
    /// say. Without arguments, every target of the file is watched.
    ///
    /// # Errors
    /// The first mistake, in one sentence that says where it is.
    pub fn assemble(
        options: &GlobalOptions,
        environment: Environment<'_>,
        file: Option<(&Path, &str)>,
        targets: &[String],
        read_rdp: ReadRdp<'_>,
    ) -> Result<Self, ConfigError> {
        let options = options.clone().or(GlobalOptions::from_environment(environment)?);
        if options.dns.len() > MAX_DNS {
            let message = format!(
                "{} DNS servers are too many, expected at most {MAX_DNS}",
                options.dns.len()
            );
            return Err(ConfigError::new(Place::Option("--dns"), message));
        }
        let mut config = match file {
            Some((path, text)) => Self::from_text(path, text)?,
            None => Self::default(),
        };
        config.override_with(options);
        config.targets = select::select(&config, targets, read_rdp)?;
        Ok(config)
    }

    /// The configuration that a file alone makes. `path` only names it in errors.
    ///
    /// # Errors
    /// The first mistake, with line, column and key.
    pub fn from_text(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let layer = file::read(path, text)?;
        let default = Self::default();
        let fps = layer.ui.fps.and_then(|fps| u8::try_from(fps).ok());
        Ok(Self {
            targets: layer.targets,
            groups: layer.groups,
            sinks: layer.sinks,
            maintenance: layer.maintenance,
            settings: layer.settings,
            dns: layer.dns.unwrap_or(default.dns),
            family: layer.family.unwrap_or(default.family),
            icmp: layer.icmp.unwrap_or(default.icmp),
            echo_engine: layer.echo_engine.unwrap_or(default.echo_engine),
            deep: layer.deep.unwrap_or(default.deep),
            read_only: layer.read_only.unwrap_or(default.read_only),
            ui: Ui {
                theme: layer.ui.theme.unwrap_or(default.ui.theme),
                keymap: layer.ui.keymap,
                view: layer.ui.view.unwrap_or(default.ui.view),
                columns: layer.ui.columns,
                panels: layer.ui.panels,
                ascii: layer.ui.ascii.or(default.ui.ascii),
                fps: fps.unwrap_or(default.ui.fps),
                color: layer.ui.color.unwrap_or(default.ui.color),
                operator: layer.ui.operator,
            },
            file: Some(path.to_owned()),
            ..default
        })
    }

    /// Every mistake of a configuration file, in the order of the text, where
    /// [`from_text`](Self::from_text) tells the first; empty when there is none.
    #[must_use]
    pub fn mistakes(path: &Path, text: &str) -> Vec<ConfigError> {
        mistakes::mistakes(path, text)
    }

    /// What is no mistake and yet hardly meant, one sentence each.
    #[must_use]
    pub fn doubts(&self) -> Vec<String> {
        let timed = self.targets.iter().filter(|target| !target.wake.at.is_empty());
        let without = timed.clone().filter(|target| target.mac.is_none());
        let mut doubts: Vec<String> = without
            .map(|target| {
                format!(
                    "target \"{}\": wake.at has times and there is no mac, so nothing wakes it \
                     until its address was learnt; expected one such as mac = \"02:11:22:33:44:55\"",
                    excerpt(&target.name, host::SHOWN)
                )
            })
            .collect();
        let unset = |target: &&Target| target.expected == Expected::Hours && target.hours.is_none();
        doubts.extend(self.targets.iter().filter(unset).map(|target| {
            format!(
                "target \"{}\": expected = \"hours\" without hours is as \"on-demand\"; expected \
                 such as hours = [\"Mon-Fri 07:00-19:00\"]",
                excerpt(&target.name, host::SHOWN)
            )
        }));
        if self.read_only && timed.clone().next().is_some() {
            let count = timed.count();
            doubts.push(format!(
                "read_only = true: nothing is woken, and wake.at has times at {count} of the targets"
            ));
        }
        doubts
    }

    /// What one TARGET argument names: a target or the members of a group of this configuration, a
    /// `.rdp` file's target, or a host. Never empty. `wake` uses it beside [`wake_items`].
    ///
    /// # Errors
    /// What is wrong with the argument.
    pub fn resolve(
        &self,
        argument: &str,
        read_rdp: ReadRdp<'_>,
    ) -> Result<Vec<Target>, ConfigError> {
        select::select(self, &[argument.to_owned()], read_rdp)
    }

    /// The members of a group, found by its name in letters of any case.
    pub fn members(&self, group: &str) -> impl Iterator<Item = &Target> {
        let wanted = group.to_lowercase();
        self.targets.iter().filter(move |target| {
            target.group.as_ref().is_some_and(|group| group.to_lowercase() == wanted)
        })
    }

    /// The effective configuration as a configuration file: reading it gives the same again,
    /// except for the log's settings, which no file holds.
    #[must_use]
    pub fn to_toml(&self) -> String {
        show::to_toml(self)
    }

    /// What the command line and the environment say, over what the file says.
    fn override_with(&mut self, options: GlobalOptions) {
        self.family = options.family().unwrap_or(self.family);
        if !options.dns.is_empty() {
            self.dns = options.dns;
        }
        self.icmp = options.no_icmp.map_or(self.icmp, |off| !off);
        self.echo_engine = options.echo_engine.unwrap_or(self.echo_engine);
        self.deep = options.no_deep.map_or(self.deep, |off| !off);
        self.read_only = options.read_only.unwrap_or(self.read_only);
        self.ui.theme = options.theme.unwrap_or_else(|| self.ui.theme.clone());
        self.ui.view = options.view.unwrap_or(self.ui.view);
        self.ui.ascii = options.ascii.or(self.ui.ascii);
        self.ui.fps = options.fps.unwrap_or(self.ui.fps);
        self.ui.color = match options.no_color {
            Some(true) => ColorMode::Never,
            Some(false) if self.ui.color == ColorMode::Never => ColorMode::Auto,
            _ => self.ui.color,
        };
        self.verbosity = options.verbose;
        self.log_file = options.log_file;
        let everywhere = self
            .targets
            .iter_mut()
            .map(|target| (&mut target.cadence, &mut target.deadlines))
            .chain([(&mut self.settings.cadence, &mut self.settings.deadlines)]);
        for (cadence, deadlines) in everywhere {
            cadence.echo = options.interval.unwrap_or(cadence.echo);
            if let Some(timeout) = options.timeout {
                deadlines.echo = timeout;
                deadlines.resolve = timeout;
                deadlines.connect = timeout;
                deadlines.negotiate = timeout;
                deadlines.tls = timeout;
                deadlines.gateway = timeout;
            }
        }
    }
}

/// When a target of a kind should be up, when nobody says: machines that people switch off and
/// ports that open on request are on demand.
#[must_use]
pub const fn default_expected(kind: TargetKind) -> Expected {
    match kind {
        TargetKind::Server | TargetKind::Farm | TargetKind::Cloud => Expected::Always,
        TargetKind::Pc | TargetKind::Laptop | TargetKind::Jit => Expected::OnDemand,
    }
}

/// A DNS server: `ADDR`, `ADDR:port` or `[v6]:port`; the port defaults to 53.
///
/// # Errors
/// A sentence.
pub(crate) fn parse_dns(text: &str) -> Result<SocketAddr, String> {
    let shown = excerpt(text, host::SHOWN);
    let wrong = || {
        format!(
            "\"{shown}\" is not a DNS server's address, expected one such as 10.0.0.10, 10.0.0.10:53 or [2001:db8::53]:53"
        )
    };
    match parse_host_port(text) {
        Ok((_, Host::Address(address, None), port)) => {
            Ok(SocketAddr::new(address, port.unwrap_or(DNS_PORT)))
        }
        Err(error @ (HostError::PortZero | HostError::Port(_) | HostError::NotOneHost(..))) => {
            Err(error.to_string())
        }
        _ => Err(wrong()),
    }
}

/// Names of the themes that need no file.
pub const THEMES: [&str; 5] = ["dark", "light", "high-contrast", "colour-blind", "mono"];

/// A theme's name, or a file: what has a slash or ends in `.toml`.
///
/// # Errors
/// A sentence, with the nearest name.
pub(crate) fn parse_theme(text: &str) -> Result<String, String> {
    let name = target_spec::parse_name(text).map_err(|error| error.to_string())?;
    let is_file = name.contains(['/', '\\'])
        || Path::new(&name).extension().is_some_and(|kind| kind == "toml");
    if is_file || THEMES.contains(&name.as_str()) {
        return Ok(name);
    }
    let known = THEMES.into_iter().chain(["a file such as ./mine.toml"]);
    Err(value::unknown("theme", &name, known))
}
