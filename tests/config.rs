//! The configuration as its users meet it: files with mistakes, precedence, defaults, arguments.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use proptest::prelude::*;
use rdpwatch::config::{
    self, ColorMode, Config, ConfigError, DEFAULT_TOML, Environment, GlobalOptions, Settings,
    THEMES, Ui, WakeItem,
};
use rdpwatch::domain::local::EchoWish;
use rdpwatch::domain::look::{ColumnId, PanelId, Panels, Screen};
use rdpwatch::domain::mac::MacAddr;
use rdpwatch::domain::sink::{Secret, SinkKind};
use rdpwatch::domain::target::{Expected, Family, Host, TargetKind};
use rdpwatch::domain::text::printable;
use rdpwatch::domain::wake::{WakePolicy, WakeRelay};
use rdpwatch::ui::theme::Theme;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NO_ENVIRONMENT: Environment<'static> = &|_| None;

fn no_files(_: &Path) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::NotFound.into())
}

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::from_text(Path::new("config.toml"), text)
}

fn arguments(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The targets that `words` select, with `text` as the configuration file.
fn select(text: &str, words: &[&str]) -> Result<Config, ConfigError> {
    let options = GlobalOptions::default();
    let file = Some((Path::new("config.toml"), text));
    Config::assemble(&options, NO_ENVIRONMENT, file, &arguments(words), &no_files)
}

fn names(config: &Config) -> Vec<&str> {
    config.targets.iter().map(|target| target.name.as_str()).collect()
}

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config").join(folder)
}

/// Every file under `invalid` begins with a comment that holds its one sentence.
#[test]
fn every_invalid_file_is_told_in_one_sentence() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    let mut files: Vec<PathBuf> =
        fs::read_dir(data("invalid")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        let found = read(&text).map_or_else(|error| error.to_string(), |_| "accepted".to_owned());
        if found != expected {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            wrong.push(format!("{name}\n  expected {expected}\n  found    {found}"));
        }
        seen += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen >= 50, "only {seen} files");
}

#[test]
fn the_default_file_is_the_default() {
    let parsed = Config::from_text(Path::new("default.toml"), DEFAULT_TOML).unwrap();
    let expected = Config { file: Some("default.toml".into()), ..Config::default() };
    assert_eq!(parsed, expected);
    assert_eq!(read("").unwrap(), Config { file: Some("config.toml".into()), ..Config::default() });
}

/// The default file with its examples uncommented.
fn uncommented() -> String {
    let line = |line: &str| match line.strip_prefix('#') {
        Some(example) if !example.starts_with([' ', '#']) => format!("{example}\n"),
        _ => format!("{line}\n"),
    };
    DEFAULT_TOML.lines().map(line).collect()
}

#[test]
fn the_examples_of_the_default_file_are_valid() {
    let config = read(&uncommented()).unwrap();
    let [target] = config.targets.as_slice() else { panic!("{:?}", config.targets) };
    assert_eq!(target.name, "front desk");
    assert_eq!(target.group.as_deref(), Some("office"));
    assert_eq!(target.expected, Expected::Hours);
    assert_eq!(target.cadence.echo, Duration::from_millis(500));
    assert_eq!(target.deadlines.connect, Duration::from_secs(4));
    assert_eq!(target.thresholds.high_latency.warning, Duration::from_millis(200));
    assert!((target.thresholds.packet_loss.warning_pct - 5.0).abs() < f64::EPSILON);
    assert_eq!(target.wake.ports, [40000]);
    assert_eq!(target.wake.secure_on, Some(MacAddr([0, 0x11, 0x22, 0x33, 0x44, 0x55])));
    assert_eq!(target.wake.via.as_ref().map(WakeRelay::program), Some("ssh"));
    assert_eq!(target.wake.policy, WakePolicy::Ask);
    let words: Vec<&str> = config.sinks.iter().map(|sink| sink.kind.word()).collect();
    assert_eq!(words, ["webhook", "webhook", "webhook", "exec", "file"]);
    assert_eq!(target.wake.at, ["Mon-Fri 07:30".parse().unwrap()]);
}

#[test]
fn a_sink_without_a_name_takes_none_that_another_is_given() {
    let named = |name: &str| format!("[[sink]]\ntype = 'syslog'\n{name}\n");
    let text =
        [named(""), named("name = 'Syslog'"), named(""), named("name = 'syslog 2'")].concat();
    let config = read(&text).expect("valid");
    let names: Vec<&str> = config.sinks.iter().map(|sink| sink.name.as_str()).collect();
    assert_eq!(names, ["syslog 3", "Syslog", "syslog 4", "syslog 2"]);
}

#[test]
fn the_markup_behind_a_placeholder_is_checked() {
    let text = |text: &str| {
        let sink = "[[sink]]\ntype = 'webhook'\nurl = 'http://127.0.0.1/'";
        read(&format!("{sink}\ntext = '{text}'"))
    };
    assert!(text("{\"text\": \"{sentence:slack} {target:markdown} {title}\"}").is_ok());
    let error = text("{sentence:slak}").unwrap_err().to_string();
    assert!(error.contains("unknown markup \"slak\", did you mean \"slack\"?"), "{error}");
}

#[test]
fn a_relay_and_times_to_wake_are_checked_where_they_stand() {
    let wake = |key: &str| read(&format!("[[target]]\nhost = 'a'\nwake.{key}"));
    let config = wake("via = ['etherwake', '-i', 'eth0', '{mac}']").unwrap();
    assert_eq!(config.targets[0].wake.via.as_ref().unwrap().words().len(), 4);
    for (key, sentence) in [
        ("via = 'relay'", "\"relay\" is not a relay, expected \"ssh:HOST\" or a list"),
        ("via = []", "expected a program and its arguments"),
        ("via = ['etherwake', '{mack}']", "no placeholder {mack}, expected {mac} or {address}"),
        ("via = ['etherwake', 'eth0']", "{mac} is in none of the arguments"),
        ("at = ['Mo 07:30']", "expected a time such as 07:30, Mon-Fri 07:30"),
        ("policy = 'nevr'", "did you mean \"never\"?"),
    ] {
        let error = wake(key).unwrap_err().to_string();
        assert!(error.contains(sentence) && error.contains("config.toml:3:"), "{key}: {error}");
    }
}

/// Every key of the schema stands in the default file, live or as an example.
#[test]
fn the_default_file_knows_every_key() {
    fn walk(
        schema: &serde_json::Value,
        table: &toml::Table,
        path: &str,
        missing: &mut Vec<String>,
    ) {
        let Some(properties) = schema["properties"].as_object() else { return };
        for (key, schema) in properties {
            let path = format!("{path}.{key}");
            let nested = match (path.as_str(), table.get(key)) {
                (_, None) => {
                    missing.push(path);
                    continue;
                }
                (".target", Some(value)) => {
                    (&schema["items"], value.as_array().unwrap()[0].clone())
                }
                (".group", Some(value)) => {
                    (&schema["additionalProperties"], value["office"].clone())
                }
                (_, Some(value)) => (schema, value.clone()),
            };
            if let (schema, toml::Value::Table(table)) = nested {
                walk(schema, &table, &path, missing);
            }
        }
    }
    let schema: serde_json::Value = serde_json::from_str(&config::json_schema()).unwrap();
    let table: toml::Table = uncommented().parse().unwrap();
    let mut missing = Vec::new();
    walk(&schema, &table, "", &mut missing);
    // What a target and a group may override is shown by example, not repeated in full.
    missing.retain(|path| {
        let overridden = [".cadence", ".deadline", ".alert", ".thresholds"];
        let owned = path.starts_with(".target") || path.starts_with(".group");
        !(owned && overridden.iter().any(|part| path.contains(part)))
    });
    assert_eq!(missing, Vec::<String>::new());
}

/// `RDPWATCH_BLESS=1 cargo test --test config` writes what is generated.
fn assert_current(path: &str, expected: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("RDPWATCH_BLESS").is_some() {
        fs::write(&path, expected).unwrap();
    } else {
        assert_eq!(found, expected, "{} is not current", path.display());
    }
}

#[test]
fn the_schema_is_current() {
    let found = fs::read_to_string("config/schema.json").unwrap_or_default();
    assert_current("config/schema.json", &config::json_schema(), &found);
}

#[test]
fn the_reference_is_current() {
    const MARK: &str = "<!-- generated from here on -->\n\n";
    let found = fs::read_to_string("docs/CONFIG.md").unwrap();
    let (prose, _) = found.split_once(MARK).unwrap();
    let expected = format!("{prose}{MARK}{}", config::reference());
    assert_current("docs/CONFIG.md", &expected, &found);
}

#[test]
fn files_of_other_editors_read() {
    assert!(!read("\u{feff}icmp = false\r\n[ui]\r\nascii = true\r\n").unwrap().icmp);
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let error = read("[[target]]\nhost = 'a'\nwake = { secure_on = 'hunter2' }").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn the_nearest_level_wins() {
    let config = read(
        r#"
        [cadence]
        echo = "2s"
        resolve = "20s"
        tls = "20m"
        [group.Lab]
        kind = "laptop"
        expected = "hours"
        [group.lab-2]
        [group.Lab.cadence]
        resolve = "40s"
        tls = "40m"
        [[target]]
        host = "a"
        group = "lab"
        [target.cadence]
        tls = "1h"
        [[target]]
        host = "b"
        group = "Lab"
        kind = "server"
        expected = "always"
        [[target]]
        host = "c"
        "#,
    )
    .unwrap();
    let [a, b, c] = config.targets.as_slice() else { panic!() };
    let cadence = |target: &rdpwatch::domain::target::Target| {
        let cadence = target.cadence;
        [cadence.echo, cadence.resolve, cadence.tls, cadence.negotiate].map(|span| span.as_secs())
    };
    assert_eq!(cadence(a), [2, 40, 3600, 60]);
    assert_eq!(cadence(b), [2, 40, 2400, 60]);
    assert_eq!(cadence(c), [2, 20, 1200, 60]);
    assert_eq!((a.kind, a.expected), (TargetKind::Laptop, Expected::Hours));
    assert_eq!((b.kind, b.expected), (TargetKind::Server, Expected::Always));
    assert_eq!((c.kind, c.expected), (TargetKind::Server, Expected::Always));
    assert_eq!(a.group.as_deref(), Some("Lab"), "the group's own spelling");
    assert_eq!(config.groups, ["Lab", "lab-2"]);
}

#[test]
fn kind_and_expected_have_defaults_of_their_own() {
    let config = read(
        "target = [{host='a'}, {host='b', mac='02:11:22:33:44:55'}, {host='c', kind='jit'}, \
         {host='d', kind='farm'}, {host='e', kind='laptop'}, {host='f', mac='02:11:22:33:44:56', kind='server'}]",
    )
    .unwrap();
    let found: Vec<_> = config.targets.iter().map(|t| (t.kind.word(), t.expected.word())).collect();
    assert_eq!(
        found,
        [
            ("server", "always"),
            ("pc", "on-demand"),
            ("jit", "on-demand"),
            ("farm", "always"),
            ("laptop", "on-demand"),
            ("server", "always"),
        ]
    );
}

#[test]
fn a_gateway_is_inherited_and_taken_away() {
    let config = read(
        r#"
        [group.far]
        gateway = "gw.corp.lab:8443"
        gateway_usage = "when-direct-fails"
        [group.later]
        gateway_usage = "when-direct-fails"
        [[target]]
        host = "a"
        group = "far"
        [[target]]
        host = "b"
        group = "far"
        gateway = "[2001:db8::7]"
        gateway_usage = "always"
        [[target]]
        host = "c"
        group = "far"
        gateway_usage = "never"
        [[target]]
        host = "d"
        gateway = "GW.corp.lab."
        [[target]]
        host = "e"
        group = "later"
        [[target]]
        host = "f"
        group = "later"
        gateway = "10.0.0.7"
        [[target]]
        host = "g"
        gateway_usage = "never"
        "#,
    )
    .unwrap();
    let found: Vec<_> = config
        .targets
        .iter()
        .map(|target| {
            let gateway = target.gateway.as_ref();
            gateway.map(|gateway| (gateway.to_string(), gateway.usage.word()))
        })
        .collect();
    let at = |text: &str, usage| Some((text.to_owned(), usage));
    assert_eq!(
        found,
        [
            at("gw.corp.lab:8443", "when-direct-fails"),
            at("[2001:db8::7]:443", "always"),
            None,
            at("gw.corp.lab.:443", "always"),
            None,
            at("10.0.0.7:443", "when-direct-fails"),
            None,
        ]
    );
    let authority = |index: usize| config.targets[index].gateway.as_ref().unwrap().authority();
    assert_eq!(authority(0), "gw.corp.lab:8443");
    assert_eq!(authority(1), "[2001:db8::7]");
    assert_eq!(authority(3), "gw.corp.lab");
    let again = read(&config.to_toml()).unwrap();
    assert_eq!(again.targets, config.targets);
}

const FILE: &str = r#"
    [ui]
    fps = 5
    [group.office]
    [group.empty]
    [[target]]
    name = "Front Desk"
    host = "front.corp.lab"
    group = "office"
    [[target]]
    name = "pc-2"
    host = "10.0.0.2"
    group = "office"
    port = 3390
    [[target]]
    host = "büro.example"
    [target.cadence]
    echo = "3s"
"#;

#[test]
fn words_are_targets_then_groups_then_hosts() {
    assert_eq!(names(&select(FILE, &[]).unwrap()), ["Front Desk", "pc-2", "büro.example"]);
    assert_eq!(names(&select(FILE, &["PC-2"]).unwrap()), ["pc-2"]);
    assert_eq!(names(&select(FILE, &["front desk"]).unwrap()), ["Front Desk"]);
    assert_eq!(names(&select(FILE, &["Office"]).unwrap()), ["Front Desk", "pc-2"]);
    let both = select(FILE, &["pc-2", "office", "other", "pc-2"]).unwrap();
    assert_eq!(names(&both), ["pc-2", "Front Desk", "other"], "each once, in the order given");
    let ids: Vec<u32> = both.targets.iter().map(|target| target.id.0).collect();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(both.targets[0].port, 3390);
    assert_eq!(both.targets[2].host, Host::Name("other".into()));
    let one = select(FILE, &[]).unwrap().resolve("office", &no_files).unwrap();
    assert_eq!(one.len(), 2);
    let idn = select(FILE, &["büro.example"]).unwrap();
    assert_eq!(idn.targets[0].host, Host::Name("xn--bro-hoa.example".into()));
    assert_eq!(idn.targets[0].cadence.echo, Duration::from_secs(3));
}

#[test]
fn targets_that_differ_never_share_a_name() {
    assert_eq!(names(&select("", &["a", "a:3390", "A"]).unwrap()), ["a", "a:3390"]);
    let sentence = |words: &[&str]| select(FILE, words).unwrap_err().to_string();
    assert_eq!(
        sentence(&["x=a", "x=b"]),
        "target \"x=b\": another target is called \"x\", expected a name of its own as in name=host"
    );
    assert_eq!(
        sentence(&["empty"]),
        "target \"empty\": the group has no members, expected a [[target]] with it"
    );
}

#[test]
fn arguments_are_told_in_one_sentence() {
    let sentence = |word: &str| select("", &[word]).unwrap_err().to_string();
    for (word, expected) in [
        ("pc:0", "target \"pc:0\": port 0 cannot be connected to, expected 1 to 65535"),
        ("rdp://pc", "target \"rdp://pc\": \"rdp://pc\" is a URL, expected the host alone: pc"),
        (
            "10.0.0.0/24",
            "target \"10.0.0.0/24\": \"10.0.0.0/24\" is a network, expected one host such as 10.0.0.0",
        ),
        (
            "a\x1b[31m/b",
            "a\u{fffd}[31m/b: cannot be read as a Remote Desktop connection file: entity not found",
        ),
        (
            "bob@pc",
            "target \"bob@pc\": \"bob\" looks like a user, but rdpwatch signs in nowhere: give the host alone, pc, or an address after the @",
        ),
    ] {
        assert_eq!(sentence(word), expected);
    }
}

#[test]
fn connection_files_are_targets() {
    let files = |path: &Path| -> io::Result<Vec<u8>> {
        match path.to_str() {
            Some("sub/Front.rdp") => Ok(b"full address:s:[2001:db8::1]:3391\r\n".to_vec()),
            Some("empty.rdp") => Ok(Vec::new()),
            Some("far.rdp") => Ok(b"full address:s:pc\r\ngatewayhostname:s:gw.lab:8443\r\n\
                gatewayusagemethod:i:1\r\n"
                .to_vec()),
            Some("wrong.rdp") => {
                Ok(b"full address:s:pc\ngatewayhostname:s:g w\ngatewayusagemethod:i:2".to_vec())
            }
            _ => Err(io::ErrorKind::PermissionDenied.into()),
        }
    };
    let read = |words: &[&str]| {
        let options =
            GlobalOptions { interval: Some(Duration::from_secs(4)), ..Default::default() };
        Config::assemble(&options, NO_ENVIRONMENT, None, &arguments(words), &files)
    };
    let config = read(&["sub/Front.rdp"]).unwrap();
    assert_eq!(names(&config), ["Front"]);
    assert_eq!(config.targets[0].port, 3391);
    assert_eq!(config.targets[0].cadence.echo, Duration::from_secs(4));
    let far = read(&["far.rdp"]).unwrap();
    assert_eq!(far.targets[0].gateway.as_ref().unwrap().to_string(), "gw.lab:8443");
    assert!(far.targets[0].via_gateway());
    assert_eq!(
        read(&["wrong.rdp"]).unwrap_err().to_string(),
        "wrong.rdp: gatewayhostname: \"g w\" holds white space, expected a host without any"
    );
    assert_eq!(
        read(&["empty.rdp"]).unwrap_err().to_string(),
        "empty.rdp: it has no \"full address\" line, expected one such as full address:s:office-pc"
    );
    assert_eq!(
        read(&["other.rdp"]).unwrap_err().to_string(),
        "other.rdp: cannot be read as a Remote Desktop connection file: permission denied"
    );
}

#[test]
fn a_strict_mac_wins_in_wake() {
    let items = config::wake_items(&arguments(&["02ab22334455", "office", "02:ab:22:33:44"]));
    assert_eq!(
        items.unwrap(),
        [
            WakeItem::Mac(MacAddr([2, 0xab, 0x22, 0x33, 0x44, 0x55])),
            WakeItem::Target("office".into()),
            WakeItem::Target("02:ab:22:33:44".into()),
        ]
    );
    assert_eq!(
        config::wake_items(&arguments(&["ff:ff:ff:ff:ff:ff"])).unwrap_err().to_string(),
        "target \"ff:ff:ff:ff:ff:ff\": ff:ff:ff:ff:ff:ff cannot belong to one PC: it is the broadcast address"
    );
}

/// One option: its line in a file, its variable, its argument, and what each makes of it.
struct Row {
    name: &'static str,
    file: &'static str,
    variable: (&'static str, &'static str),
    argument: &'static [&'static str],
    value: fn(&Config) -> String,
    found: [&'static str; 4],
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "interval", file: "[cadence]\necho = '2s'", variable: ("INTERVAL", "3s"), argument: &["--interval", "4s"],
        value: |c| format!("{:?}", c.targets[0].cadence.echo), found: ["1s", "2s", "3s", "4s"] },
    Row { name: "timeout", file: "[deadline]\ntls = '2s'", variable: ("TIMEOUT", "3s"), argument: &["--timeout", "4s"],
        value: |c| format!("{:?}", c.targets[0].deadlines.tls), found: ["8s", "2s", "3s", "4s"] },
    Row { name: "family", file: "family = '6'", variable: ("IPV4", "1"), argument: &["-6"],
        value: |c| c.family.word().into(), found: ["any", "6", "4", "6"] },
    Row { name: "dns", file: "dns = ['10.0.0.2']", variable: ("DNS", "10.0.0.3,[2001:db8::3]:54"), argument: &["--dns", "10.0.0.4:5353"],
        value: |c| format!("{:?}", c.dns), found: ["[]", "[10.0.0.2:53]", "[10.0.0.3:53, [2001:db8::3]:54]", "[10.0.0.4:5353]"] },
    Row { name: "icmp", file: "icmp = false", variable: ("NO_ICMP", "0"), argument: &["--no-icmp"],
        value: |c| c.icmp.to_string(), found: ["true", "false", "true", "false"] },
    Row { name: "echo_engine", file: "echo_engine = 'surge'", variable: ("ECHO_ENGINE", "batched"), argument: &["--echo-engine", "surge"],
        value: |c| c.echo_engine.word().into(), found: ["auto", "surge", "batched", "surge"] },
    Row { name: "deep", file: "deep = false", variable: ("NO_DEEP", "off"), argument: &["--no-deep"],
        value: |c| c.deep.to_string(), found: ["true", "false", "true", "false"] },
    Row { name: "read_only", file: "read_only = true", variable: ("READ_ONLY", "no"), argument: &["--read-only"],
        value: |c| c.read_only.to_string(), found: ["false", "true", "false", "true"] },
    Row { name: "theme", file: "[ui]\ntheme = 'light'", variable: ("THEME", "mono"), argument: &["--theme", "high-contrast"],
        value: |c| c.ui.theme.clone(), found: ["dark", "light", "mono", "high-contrast"] },
    Row { name: "ascii", file: "[ui]\nascii = true", variable: ("ASCII", "false"), argument: &["--ascii"],
        value: |c| c.ui.ascii.map_or_else(|| "auto".to_owned(), |ascii| ascii.to_string()), found: ["auto", "true", "false", "true"] },
    Row { name: "fps", file: "[ui]\nfps = 2", variable: ("FPS", "3"), argument: &["--fps", "4"],
        value: |c| c.ui.fps.to_string(), found: ["10", "2", "3", "4"] },
    Row { name: "color", file: "[ui]\ncolor = 'always'", variable: ("NO_COLOR", "1"), argument: &["--no-color=false"],
        value: |c| c.ui.color.word().into(), found: ["auto", "always", "never", "always"] },
    Row { name: "verbose", file: "", variable: ("VERBOSE", "1"), argument: &["-vv"],
        value: |c| c.verbosity.to_string(), found: ["0", "0", "1", "2"] },
    Row { name: "log-file", file: "", variable: ("LOG_FILE", "/v.log"), argument: &["--log-file", "/a.log"],
        value: |c| format!("{:?}", c.log_file), found: ["None", "None", "Some(\"/v.log\")", "Some(\"/a.log\")"] },
];

fn parsed(line: &[&str]) -> GlobalOptions {
    let words = ["rdpwatch"].iter().chain(line).map(OsString::from);
    rdpwatch::cli::Cli::read(words).unwrap().options
}

#[test]
fn command_line_over_environment_over_file_over_default() {
    for row in ROWS {
        let name = format!("RDPWATCH_{}", row.variable.0);
        let environment = |asked: &str| (asked == name).then(|| OsString::from(row.variable.1));
        let build = |argument: &[&str], environment: Environment<'_>, file: &str| {
            let file = Some((Path::new("config.toml"), file));
            let words = arguments(&["host"]);
            let options = parsed(argument);
            let config = Config::assemble(&options, environment, file, &words, &no_files);
            (row.value)(&config.unwrap_or_else(|error| panic!("{}: {error}", row.name)))
        };
        let found = [
            build(&[], NO_ENVIRONMENT, ""),
            build(&[], NO_ENVIRONMENT, row.file),
            build(&[], &environment, row.file),
            build(row.argument, &environment, row.file),
        ];
        assert_eq!(found, row.found, "{}", row.name);
    }
}

#[test]
fn interval_and_timeout_reach_every_target() {
    let text =
        "[[target]]\nhost = 'a'\n[target.cadence]\necho = '9s'\n[target.deadline]\ntls = '9s'\n";
    let options = parsed(&["--interval", "2s", "--timeout", "3s"]);
    let file = Some((Path::new("config.toml"), text));
    let config = Config::assemble(&options, NO_ENVIRONMENT, file, &[], &no_files).unwrap();
    let target = &config.targets[0];
    assert_eq!(target.cadence.echo, Duration::from_secs(2));
    let deadlines = target.deadlines;
    for deadline in
        [deadlines.echo, deadlines.resolve, deadlines.connect, deadlines.negotiate, deadlines.tls]
    {
        assert_eq!(deadline, Duration::from_secs(3));
    }
}

#[test]
fn no_color_is_honoured_when_it_is_not_empty() {
    let color = |value: &'static str, line: &[&str]| {
        let environment = |name: &str| (name == "NO_COLOR").then(|| OsString::from(value));
        let config = Config::assemble(&parsed(line), &environment, None, &[], &no_files);
        config.unwrap().ui.color
    };
    assert_eq!(color("1", &[]), ColorMode::Never);
    assert_eq!(color("", &[]), ColorMode::Auto);
    assert_eq!(color("1", &["--no-color=false"]), ColorMode::Auto);
}

#[test]
fn variables_are_told_in_one_sentence() {
    for (name, value, expected) in [
        ("INTERVAL", "1ms", "\"1ms\" is too short, expected 100ms to 1day"),
        ("TIMEOUT", "2m", "\"2m\" is too long, expected 100ms to 1m"),
        ("ASCII", "maybe", "\"maybe\" is neither true nor false, expected 1 or 0"),
        ("FPS", "0", "\"0\" is not a whole number from 1 to 60"),
        (
            "DNS",
            "10.0.0.10 dns.corp",
            "\"dns.corp\" is not a DNS server's address, expected one such as 10.0.0.10, 10.0.0.10:53 or [2001:db8::53]:53",
        ),
        ("THEME", "\x1b", "the name \"\u{fffd}\" holds characters that cannot be shown"),
        ("VERBOSE", "very", "\"very\" is not a whole number from 0 to 9"),
    ] {
        let name = format!("RDPWATCH_{name}");
        let environment = |asked: &str| (asked == name).then(|| OsString::from(value));
        let error = GlobalOptions::from_environment(&environment).unwrap_err();
        assert_eq!(error.to_string(), format!("{name}: {expected}"));
    }
    let both = |name: &str| name.starts_with("RDPWATCH_IPV").then(|| OsString::from("1"));
    assert_eq!(
        GlobalOptions::from_environment(&both).unwrap_err().to_string(),
        "RDPWATCH_IPV4: RDPWATCH_IPV6 is set too, expected one of them"
    );
    let empty = |_: &str| Some(OsString::new());
    assert_eq!(GlobalOptions::from_environment(&empty), Ok(GlobalOptions::default()));
}

#[test]
fn what_is_shown_reads_the_same() {
    let mut config = read(&uncommented().replace("front desk", "a \\\"b\\\" \\\\ é")).unwrap();
    assert_eq!(config.targets[0].name, "a \"b\" \\ é");
    config.family = Family::V6;
    config.dns = vec!["[2001:db8::53]:5353".parse().unwrap(), "10.0.0.10:53".parse().unwrap()];
    config.ui = Ui {
        theme: "./night.toml".into(),
        keymap: Some("keys.toml".into()),
        view: Screen::Wall,
        columns: vec![ColumnId::Name, ColumnId::Risk],
        panels: Panels { order: PanelId::NEEDED.to_vec(), preview: Some(40) },
        ascii: Some(true),
        fps: 60,
        color: ColorMode::Never,
        operator: Some("ada".into()),
    };
    (config.icmp, config.deep, config.read_only) = (false, false, true);
    config.echo_engine = EchoWish::WORDS[2].1;
    let mut settings = Settings::default();
    settings.thresholds.packet_loss.warning_pct = 2.5;
    config.settings = settings;
    // An address in the file is a secret: that it is there is shown, and it is not.
    assert!(config.to_toml().contains("# url is in the file and not shown"));
    assert!(!config.to_toml().contains("10.0.0.5:8080"));
    config
        .sinks
        .retain(|sink| !matches!(&sink.kind, SinkKind::Webhook { url: Secret::Plain(_), .. }));
    assert_eq!(config.sinks.len(), 4);
    let shown = config.to_toml();
    assert_eq!(read(&shown).unwrap_or_else(|error| panic!("{error}\n{shown}")), config);

    let selected = select(FILE, &["fe80::1%eth0", "a:3390@10.0.0.3", "büro.example"]).unwrap();
    assert_eq!(read(&selected.to_toml()).unwrap(), selected);
    let default = Config { file: Some("config.toml".into()), ..Config::default() };
    assert_eq!(read(&default.to_toml()).unwrap(), default);
}

#[test]
fn paths_follow_the_environment() {
    let with = |pairs: &'static [(&'static str, &'static str)]| {
        move |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        }
    };
    if cfg!(unix) {
        let home = with(&[("HOME", "/home/me")]);
        let config = Some(PathBuf::from("/home/me/.config/rdpwatch/config.toml"));
        assert_eq!(config::default_config_file(&home), config);
        let state = Some(PathBuf::from("/home/me/.local/state/rdpwatch"));
        assert_eq!(config::state_dir(&home), state);
        let xdg = with(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s")]);
        assert_eq!(config::default_config_file(&xdg), Some("/c/rdpwatch/config.toml".into()));
        assert_eq!(config::state_dir(&xdg), Some("/s/rdpwatch".into()));
        let relative = with(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "c")]);
        let ignored = Some(PathBuf::from("/h/.config/rdpwatch/config.toml"));
        assert_eq!(config::default_config_file(&relative), ignored);
    }
    assert_eq!(config::default_config_file(NO_ENVIRONMENT), None);
    let variable = with(&[("RDPWATCH_CONFIG", "v.toml")]);
    let none = GlobalOptions::default();
    let named = GlobalOptions { config: Some("a.toml".into()), ..GlobalOptions::default() };
    assert_eq!(config::config_file(&none, &variable), Some("v.toml".into()));
    assert_eq!(config::config_file(&named, &variable), Some("a.toml".into()));
}

#[test]
fn the_file_is_written_once_and_read_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/config.toml");
    config::init(&path).unwrap();
    let options = GlobalOptions { config: Some(path.clone()), ..GlobalOptions::default() };
    let (found, text) = config::read_config_file(&options, NO_ENVIRONMENT).unwrap().unwrap();
    assert_eq!((found.as_path(), text.as_str()), (path.as_path(), DEFAULT_TOML));
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no draft is left behind");

    fs::write(&path, "icmp = false\n").unwrap();
    let error = config::init(&path).unwrap_err().to_string();
    assert!(error.ends_with("it exists already, expected a new file (it was left as it is)"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "icmp = false\n");
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let named = GlobalOptions { config: Some(path.clone()), ..GlobalOptions::default() };
    let sentence = || config::read_config_file(&named, NO_ENVIRONMENT).unwrap_err().message;
    assert!(sentence().starts_with("cannot be read: "), "{}", sentence());
    fs::write(&path, b"icmp = true\n# caf\xe9\n").unwrap();
    assert_eq!(sentence(), "line 2 is not UTF-8, expected a TOML text");
    fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    assert_eq!(sentence(), "cannot be read: it is larger than 1024 KiB");

    let home = directory.path().to_owned().into_os_string();
    let elsewhere = |name: &str| (name == "XDG_CONFIG_HOME").then(|| home.clone());
    let none = config::read_config_file(&GlobalOptions::default(), &elsewhere);
    assert_eq!(none, Ok(None), "the default file may be absent");
}

/// Lines that a file is made of, whole or broken.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\[{0,3}(target|group\\.[a-z]|cadence|ui|thresholds\\.packet-loss)\\]{0,3}",
        "(host|name|port|echo|mac|kind|expect|fps|warning_pct|group) = (\"[^\"]{0,12}\"|-?[0-9]{1,12}|true|\\[.{0,6}\\]|nan|1e400|0x[0-9a-f]{1,20})",
        ".{0,30}",
    ]
}

proptest! {
    #[test]
    fn no_file_panics_or_escapes(lines in proptest::collection::vec(line(), 0..8)) {
        if let Err(error) = read(&lines.join("\n")) {
            let message = error.to_string();
            prop_assert_eq!(printable(&message), message.as_str());
        }
    }

    #[test]
    fn no_argument_panics_or_escapes(word in ".{0,40}") {
        if let Err(error) = select(FILE, &[word.as_str()]) {
            let message = error.to_string();
            prop_assert_eq!(printable(&message), message.as_str());
        }
    }
}

#[test]
fn controls_are_names_and_addresses_and_a_target_may_have_its_own() {
    let text = "[group.office]\ncontrol = ['dc1.corp.lab', '10.8.0.1']\n\
                [[target]]\nhost = '10.0.0.21'\ngroup = 'office'\n\
                [[target]]\nhost = '10.0.0.22'\ngroup = 'office'\ncontrol = ['fd00::1']\n";
    let config = read(text).unwrap();
    let of = |index: usize| -> Vec<String> {
        config.targets[index].controls.iter().map(ToString::to_string).collect()
    };
    assert_eq!(of(0), ["dc1.corp.lab", "10.8.0.1"]);
    assert_eq!(of(1), ["fd00::1"]);
    assert_eq!(config.targets[0].controls[0].name(), Some("dc1.corp.lab"));
}

#[test]
fn the_themes_of_the_configuration_are_those_of_the_screen() {
    let screen: BTreeSet<&str> = Theme::names().collect();
    assert_eq!(BTreeSet::from(THEMES), screen);
}
