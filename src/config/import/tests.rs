use super::*;
use crate::config::Config;
use crate::config::target_spec::MAX_EXPECT;
use crate::domain::target::Expected;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::PathBuf;

const RDG: &str = include_str!("../../../fuzz/corpus/import/lab.rdg");
const MREMOTE: &str = include_str!("../../../fuzz/corpus/import/confCons.xml");
const HOSTS: &str = include_str!("../../../fuzz/corpus/import/hosts");
const CSV: &str = include_str!("../../../fuzz/corpus/import/inventory.csv");
const LIST: &str = include_str!("../../../fuzz/corpus/import/list.txt");
const RDP: &str = include_str!("../../../fuzz/corpus/import/front-desk.rdp");
const DNSMASQ: &str = include_str!("../../../fuzz/corpus/import/dnsmasq.leases");
const DHCPD: &str = include_str!("../../../fuzz/corpus/import/dhcpd.leases");
const GOLDEN: [(&str, &str); 8] = [
    ("lab.rdg", RDG),
    ("confCons.xml", MREMOTE),
    ("hosts", HOSTS),
    ("inventory.csv", CSV),
    ("list.txt", LIST),
    ("front-desk.rdp", RDP),
    ("dnsmasq.leases", DNSMASQ),
    ("dhcpd.leases", DHCPD),
];

fn found(name: &str, text: &str) -> Found {
    read(Path::new(name), text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn sentence(name: &str, text: &str) -> String {
    read(Path::new(name), text.as_bytes()).expect_err("refused").to_string()
}

fn planned(config: Option<&str>, files: &[(&str, &str)]) -> Plan {
    let sources: Vec<_> =
        files.iter().map(|(name, text)| (PathBuf::from(name), found(name, text))).collect();
    let plan = plan(Path::new("config.toml"), config, &sources);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan.wrong, []);
    plan
}

/// What a file adds to an empty configuration.
fn tables(name: &str, text: &str) -> String {
    planned(None, &[(name, text)]).after
}

#[test]
fn rdcman_gives_names_folders_ports_and_gateways_as_it_inherits_them() {
    let expected = "\
[group.\"Berlin & Umland/2. Stock\"]

[group.\"Berlin & Umland\"]

# Imported from lab.rdg.

[[target]]
name = \"Empfang\"
host = \"office-pc.corp.lab\"
port = 3390
group = \"Berlin & Umland/2. Stock\"

[[target]]
host = \"10.0.4.7\"
group = \"Berlin & Umland\"
gateway = \"gw.corp.lab:443\"
gateway_usage = \"when-direct-fails\"

[[target]]
name = \"Farm\"
host = \"rds-01\"
gateway = \"gw.corp.lab:443\"
gateway_usage = \"when-direct-fails\"
";
    assert_eq!(tables("lab.rdg", RDG), expected);
    assert_eq!(found("lab.rdg", RDG).notes, ["consoles of virtual machines left out: 1"]);
}

#[test]
fn mremoteng_gives_names_folders_macs_ports_and_gateways_as_it_inherits_them() {
    let expected = "\
[group.Berlin]

[group.\"Berlin/Server \u{f6}ffentlich\"]

# Imported from confCons.xml.

[[target]]
name = \"Bob's PC\"
host = \"home-pc.corp.lab\"
mac = \"02:11:22:33:44:55\"
group = \"Berlin\"

[[target]]
name = \"desk\"
host = \"10.0.4.8\"
port = 3391
group = \"Berlin\"
gateway = \"gw.corp.lab:8443\"
gateway_usage = \"when-direct-fails\"

[[target]]
name = \"rds\"
host = \"rds-01\"
group = \"Berlin/Server \u{f6}ffentlich\"
gateway = \"gw2:443\"
";
    assert_eq!(
        tables("confCons.xml", MREMOTE),
        expected.replace("[group.Berlin]", "[group.\"Berlin\"]")
    );
    let notes =
        ["connections of other protocols left out: 1", "connections without a host left out: 1"];
    assert_eq!(found("confCons.xml", MREMOTE).notes, notes);
}

#[test]
fn hosts_files_give_each_name_once_with_its_addresses() {
    let expected = "\
# Imported from hosts.

[[target]]
host = \"office-pc.corp.lab\"
expect = [\"10.0.0.21\", \"2001:db8::21\"]
aliases = [\"office-pc\", \"empfang\"]

[[target]]
host = \"rds-01\"
expect = [\"10.0.0.31\"]
";
    assert_eq!(tables("hosts", HOSTS), expected);
    assert_eq!(found("hosts", HOSTS).notes, ["lines of this machine and of networks left out: 5"]);
    // The shape shows without the name of the file too.
    assert_eq!(found("more.txt", HOSTS), found("hosts", HOSTS));
}

#[test]
fn csv_is_read_by_its_heads_whatever_separates_them() {
    let expected = "\
[group.\"Berlin\"]

[group.\"Home; offices\"]

# Imported from inventory.csv.

[[target]]
host = \"office-pc\"
expect = [\"10.0.0.21\"]
mac = \"02:11:22:33:44:55\"
group = \"Berlin\"

[[target]]
host = \"home-pc\"
port = 3390
mac = \"02:11:22:33:44:56\"
group = \"Home; offices\"
kind = \"laptop\"
gateway = \"gw.corp.lab:443\"
";
    assert_eq!(tables("inventory.csv", CSV), expected);
    let csv = found("inventory.csv", CSV);
    assert_eq!(csv.notes, [unused("columns \"Password\", \"Notes\" are")]);
    assert_eq!(csv.entries.iter().map(|entry| entry.line).collect::<Vec<_>>(), [2, 5]);
    let plain =
        "name,host,port,expect,aliases,expected\nFront,pc,3391,\"10.0.0.1,10.0.0.2\",a b,hours\n";
    let entry = &found("plain.txt", plain).entries[0];
    assert_eq!((entry.name.as_deref(), entry.port), (Some("Front"), Some(3391)));
    assert_eq!((entry.expect.len(), entry.aliases.len()), (2, 2));
    assert_eq!(entry.expected, Some(Expected::Hours));
    let tabs = found("a.tsv", "ip\tlocation\n10.0.0.5\tVienna\n");
    assert_eq!(tabs.entries[0].host.to_string(), "10.0.0.5");
    assert_eq!(tabs.entries[0].group.as_deref(), Some("Vienna"));
}

/// The note for columns that stand for nothing.
fn unused(columns: &str) -> String {
    format!(
        "{columns} not used; known: name, host, address, port, expect, mac, aliases, group, kind, \
         expected, gateway, gateway_usage"
    )
}

/// The addresses of a German table were gone: `IP-Adresse` was no head that is known.
#[test]
fn a_german_table_keeps_its_addresses() {
    let expected = "\
[group.\"Wien\"]

# Imported from liste.csv.

[[target]]
name = \"Empfang\"
host = \"10.0.0.21\"
port = 3390
mac = \"02:11:22:33:44:55\"
group = \"Wien\"
";
    let text = "Name;IP-Adresse;Port;MAC-Adresse;Standort\n\
        Empfang;10.0.0.21;3390;02-11-22-33-44-55;Wien\n";
    assert_eq!(tables("liste.csv", text), expected);
    assert_eq!(found("liste.csv", text).notes, [""; 0]);
    let (_, behind) = expected.split_once("# Imported from liste.csv.").expect("hosts");
    for heads in [
        "Nom,Adresse IP,Port,Adresse MAC,Site",
        "Nombre,Direcci\u{f3}n IP,Puerto,Direcci\u{f3}n MAC,Ubicaci\u{f3}n",
        "NOME,INDIRIZZO IP,PORTA,INDIRIZZO MAC,SEDE",
    ] {
        let text = format!("{heads}\nEmpfang,10.0.0.21,3390,02-11-22-33-44-55,Wien\n");
        let plan = tables("list.txt", &text);
        assert!(plan.ends_with(behind), "{heads}: {plan}");
    }
}

#[test]
fn a_column_that_is_not_used_is_said_and_so_is_one_that_another_goes_before() {
    let one = found("a.csv", "host;IP adr.;;Beschreibung\npc;10.0.0.1;x;y\n");
    assert_eq!(one.notes, [unused("columns \"IP adr.\", \"Beschreibung\" are")]);
    let one = found("a.csv", "host,\"no\u{1b}[2J\tte\"\npc,x\n");
    assert_eq!(one.notes, [unused("column \"no\u{fffd}[2J\u{fffd}te\" is")]);
    let many: String = (0..40).fold("host".to_owned(), |mut heads, number| {
        let _infallible = write!(heads, ",x{number}");
        heads
    });
    let many = found("a.csv", &format!("{many}\npc\n"));
    assert!(many.notes[0].contains("\"x15\", and 24 more are not used"), "{:?}", many.notes);
    let twice = "Computer;FQDN;IPv4;IPv6;Standort;Abteilung\n\
        pc-1;pc-1.lab;10.0.0.1;2001:db8::1;Wien;Lager\n;pc-2.lab;10.0.0.2;;;Lager\n";
    let twice = found("a.csv", twice);
    let note = "column \"FQDN\" is used only where \"Computer\" is empty, \
                column \"Abteilung\" is used only where \"Standort\" is empty";
    assert_eq!(twice.notes, [note]);
    let told = twice.entries.iter().map(|entry| {
        (entry.typed.as_str(), entry.expect.len(), entry.group.as_deref().unwrap_or_default())
    });
    assert_eq!(told.collect::<Vec<_>>(), [("pc-1", 2, "Wien"), ("pc-2.lab", 1, "Lager")]);
}

#[test]
fn a_pasted_list_is_targets_as_on_the_command_line() {
    let list = found("list.txt", LIST);
    let hosts: Vec<String> = list.entries.iter().map(|entry| entry.host.to_string()).collect();
    assert_eq!(hosts, ["office-pc", "10.0.0.31", "10.0.0.32", "2001:db8::1", "rds-01"]);
    assert_eq!(list.entries[0].name.as_deref(), Some("Front desk"));
    assert!(list.entries[0].mac.is_some() && list.wrong.is_empty());
    assert_eq!(list.entries[4].line, 5);
}

#[test]
fn a_name_beside_its_address_is_one_host_that_should_have_it() {
    let text = "office-pc\t10.0.0.21\n\
        rds-01,10.0.0.31\n\
        rds-02;2001:db8::32\n\
        \"rds-03\",\"10.0.0.33\"\n\
        pc-4   10.0.0.34  # the one in the corner\n\
        pc-5:3390\t10.0.0.35\n\
        Front desk\t10.0.0.36\n\
        10.0.0.37\tpc-7 reception\n\
        10.0.0.38,10.0.0.39\n\
        pc-8 pc-9\n";
    let list = found("pasted", text);
    assert_eq!(list.wrong, []);
    let told: Vec<String> = list
        .entries
        .iter()
        .map(|entry| {
            let expect: Vec<String> = entry.expect.iter().map(ToString::to_string).collect();
            let name = entry.name.as_deref().unwrap_or("-");
            format!("{} {name} {} {}", entry.line, entry.host, expect.join("+"))
        })
        .collect();
    let expected = [
        "1 - office-pc 10.0.0.21",
        "2 - rds-01 10.0.0.31",
        "3 - rds-02 2001:db8::32",
        "4 - rds-03 10.0.0.33",
        "5 - pc-4 10.0.0.34",
        "6 - pc-5 10.0.0.35",
        "7 Front desk 10.0.0.36 ",
        "8 - pc-7 10.0.0.37",
        "9 - 10.0.0.38 ",
        "9 - 10.0.0.39 ",
        "10 - pc-8 ",
        "10 - pc-9 ",
    ];
    assert_eq!(told, expected);
    assert_eq!(list.entries[7].aliases, ["reception"]);
    assert_eq!(list.entries[5].port, Some(3390));
    // A list may begin like a hosts file, and a host may be called like a head of a table.
    let mixed = found("pasted", "10.0.0.21 office-pc\nrds-01\nme@rds-02\n10.0.0.40\n");
    let hosts: Vec<String> = mixed.entries.iter().map(|entry| entry.host.to_string()).collect();
    assert_eq!((hosts.join(" ").as_str(), mixed.wrong.len()), ("office-pc rds-01 10.0.0.40", 1));
    assert_eq!(found("pasted", "server,10.0.0.21\npc,10.0.0.22\n").entries.len(), 2);
}

#[test]
fn leases_give_names_and_hardware_addresses_and_expect_no_address() {
    let expected = "\
# Imported from dnsmasq.leases.

[[target]]
host = \"office-pc\"
mac = \"02:11:22:33:44:55\"

[[target]]
host = \"10.0.0.22\"
mac = \"02:11:22:33:44:56\"

[[target]]
host = \"home-pc\"
mac = \"02:11:22:33:44:57\"
";
    assert_eq!(tables("dnsmasq.leases", DNSMASQ), expected);
    let expected = "\
# Imported from dhcpd.leases.

[[target]]
host = \"office-pc\"
mac = \"02:11:22:33:44:55\"

[[target]]
host = \"10.0.0.40\"
";
    assert_eq!(tables("dhcpd.leases", DHCPD), expected);
    let broken = found("a.leases", &format!("{DNSMASQ}1795244400 02:11 10.0.0.9 pc *\n"));
    let told = "a.leases:5:1: \"1795244400 02:11 10.0.0.9 pc *\" is no lease, expected EXPIRY MAC ADDRESS NAME";
    assert_eq!(broken.wrong[0].to_string(), told);
}

#[test]
fn a_connection_file_is_known_by_its_lines_too() {
    let expected = "\
# Imported from front-desk.rdp.

[[target]]
name = \"front-desk\"
host = \"office-pc.corp.lab\"
port = 3390
gateway = \"gw.corp.lab:443\"
";
    assert_eq!(tables("front-desk.rdp", RDP), expected);
    assert_eq!(found("saved.txt", RDP).entries[0].port, Some(3390));
}

#[test]
fn every_encoding_of_a_list_reads_the_same() {
    for (name, text) in GOLDEN {
        let marked = ["\u{feff}", text].concat();
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(Path::new(name), marked.as_bytes()), Ok(found(name, text)), "{name}");
        assert_eq!(read(Path::new(name), &utf16), Ok(found(name, text)), "{name}");
    }
}

#[test]
fn a_password_is_never_kept() {
    for (name, text) in GOLDEN {
        let found = found(name, text);
        assert!(
            text.contains("SECRET")
                || matches!(name, "hosts" | "list.txt")
                || name.ends_with("leases"),
            "{name}"
        );
        assert!(!format!("{found:?}").contains("SECRET"), "{name}");
        assert!(!tables(name, text).contains("SECRET"), "{name}");
    }
}

#[test]
fn every_prefix_keeps_the_promises() {
    for (_, text) in GOLDEN {
        for end in (0..text.len()).step_by(7).chain([text.len()]) {
            oracle::import(&text.as_bytes()[..end]);
        }
    }
}

#[test]
fn a_broken_file_says_where_and_gives_nothing() {
    for (name, text, expected) in [
        ("a.rdg", "<RDCMan>\n  <file>\n</RDCMan>", "a.rdg:3:1: the XML is broken: "),
        (
            "a.rdg",
            "<RDCMan>\n <file>",
            "a.rdg:2:8: the XML is broken: it ends inside of 2 open elements",
        ),
        (
            "a.xml",
            "<html/>",
            "a.xml:1:1: <html> is no connection file, expected <RDCMan> or <Connections> (mRemoteNG)",
        ),
        (
            "a.rdg",
            "<RDCMan><file><server><name>&x;</name></server></file></RDCMan>",
            "a.rdg:1:29: \"x\" is an entity that is not known",
        ),
        (
            "a.xml",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY b \"c\">]>\n<RDCMan/>",
            "a.xml:2:1: it has a document type, which connection files have not",
        ),
        (
            "a.xml",
            "<Connections\n FullFileEncryption=\"True\">QUJD</Connections>",
            "a.xml:1:1: the whole file is encrypted, expected one saved in mRemoteNG without full file encryption (its passwords may stay encrypted)",
        ),
        (
            "a.xml",
            "QUJDREVG",
            "a.xml: it is no XML: it is encrypted as a whole, or no connection file; expected one saved with only its passwords encrypted",
        ),
        ("a.csv", "", "a.csv:1:1: it is empty, expected a row of heads such as name,host"),
        (
            "a.csv",
            "hostt,mac\npc,\n",
            "a.csv:1:1: no column tells the host: \"hostt\" is unknown, did you mean host?",
        ),
        (
            "a.csv",
            "a,b\n",
            "a.csv:1:1: no column tells the host, expected a row of heads such as name,host,port",
        ),
        (
            "a.txt",
            "ab\0c",
            "a.txt: it is no text, expected a .rdp, RDCMan, mRemoteNG, hosts, CSV or leases file",
        ),
        (
            "a.rdp",
            "x:i:1",
            "a.rdp: it has no \"full address\" line, expected one such as full address:s:office-pc",
        ),
    ] {
        let said = sentence(name, text);
        assert!(said.starts_with(expected), "{name}: {said}");
    }
    let latin1 = read(Path::new("a.csv"), b"host\npc\nb\xfcro\n").expect_err("refused");
    assert_eq!(latin1.to_string(), "a.csv:3:2: this is not UTF-8, expected a file saved as UTF-8");
    let deep = format!("<RDCMan><file>{}", "<group>".repeat(1_000_000));
    assert_eq!(sentence("a.rdg", &deep), "a.rdg:1:449: elements are nested deeper than 64");
    let huge = vec![b'a'; MAX_BYTES + 1];
    let huge = read(Path::new("a.csv"), &huge).expect_err("refused");
    assert_eq!(huge.to_string(), "a.csv: it is larger than 16 MiB, expected a list of hosts");
    let many: String = (0..=MAX_TARGETS).fold(String::new(), |mut text, number| {
        let _infallible = writeln!(text, "pc-{number}");
        text
    });
    assert_eq!(
        sentence("a.txt", &many),
        "a.txt:16385:1: it holds more than 16384 hosts, expected fewer"
    );
}

/// Work that grows with the square of a file's size would take hours here.
#[test]
fn a_hostile_file_costs_no_more_than_its_size() {
    let one_line = format!("<RDCMan><file>{}</file></RDCMan>", "<x></x>".repeat(150_000));
    assert_eq!(found("a.rdg", &one_line).entries, []);
    let attributes: String = (0..150_000).fold(String::new(), |mut text, number| {
        let _infallible = write!(text, " a{number}=\"\"");
        text
    });
    let attributes = format!("<Connections><Node{attributes} Hostname=\"pc\"/></Connections>");
    assert_eq!(found("a.xml", &attributes).entries.len(), 1);
    let many: String = (0..150_000).fold("10.0.0.1 pc".to_owned(), |mut text, number| {
        let _infallible = write!(text, " a{number}");
        text
    });
    assert_eq!(found("hosts", &many).entries[0].aliases.len(), MAX_EXPECT);
    for (first, head) in [("host", "\u{1b}x"), ("host", "ip"), ("ip", "alias"), ("ip", "group")] {
        let heads = format!("{first}{}\npc\n", format!(",{head}").repeat(150_000));
        let table = found("a.csv", &heads);
        assert_eq!(table.entries.len(), 1);
        assert!(table.notes.iter().all(|note| note.len() < 2_000), "{head}");
    }
    let long = "x".repeat(xml::MAX_TEXT + 1);
    let name = format!("<Connections>\n<Node Name=\"{long}\"/></Connections>");
    assert_eq!(sentence("a.xml", &name), "a.xml:2:1: \"Name\" is longer than 4096 bytes");
    let name = format!("<RDCMan>\n<file><name>{long}</name></file></RDCMan>");
    let expected = "a.rdg:2:1: a setting below this is longer than 4096 bytes";
    assert_eq!(sentence("a.rdg", &name), expected);
}

#[test]
fn wrong_entries_are_all_told_and_left_out_only_when_asked() {
    let text = "host,port,mac\npc,0,\nb ad,,\nok,,\nmac,,ff:ff:ff:ff:ff:ff\nx,1,,4\n";
    let found = found("a.csv", text);
    let told: Vec<String> = found.wrong.iter().map(ToString::to_string).collect();
    let expected = [
        "a.csv:2:1: port: port 0 cannot be connected to, expected 1 to 65535",
        "a.csv:3:1: host: \"b ad\" holds white space, expected a host without any",
        "a.csv:5:1: mac: ff:ff:ff:ff:ff:ff cannot belong to one PC: it is the broadcast address",
        "a.csv:6:1: 4 cells stand under 3 heads",
    ];
    assert_eq!(told, expected);
    let sources = [(PathBuf::from("a.csv"), found)];
    let lenient = plan(Path::new("c.toml"), None, &sources).expect("planned");
    assert_eq!(lenient.wrong.len(), 4);
    assert_eq!((lenient.added, lenient.left_out.len()), (1, 4));
    assert!(lenient.left_out[0].ends_with("expected 1 to 65535; left out"), "{lenient:?}");
}

#[test]
fn what_stands_already_is_marked_with_its_line_and_the_rest_is_kept_to_the_byte() {
    let own = "# mine\r\ndeep = false # no TLS\r\n\r\n[group.BERLIN]\r\n\r\n[[target]]\r\nname = \"front\"\r\nhost = \"Office-PC\"";
    let plan = planned(
        Some(own),
        &[("inventory.csv", CSV), ("list.txt", "home-pc:3390\noffice-pc:3391\n")],
    );
    let known = [
        "inventory.csv:2: \"office-pc\" (office-pc:3389) stands at config.toml:6 as \"front\", without mac = \"02:11:22:33:44:55\"",
        "list.txt:1: \"home-pc\" (home-pc:3390) stands at inventory.csv:5 as \"home-pc\"",
    ];
    assert_eq!(plan.known, known);
    assert_eq!(plan.added, 2);
    assert!(plan.after.starts_with(own) && !plan.after.replace("\r\n", "").contains('\n'));
    let difference = "\
# inventory.csv:2: \"office-pc\" (office-pc:3389) stands at config.toml:6 as \"front\", without mac = \"02:11:22:33:44:55\"
# list.txt:1: \"home-pc\" (home-pc:3390) stands at inventory.csv:5 as \"home-pc\"
# inventory.csv: columns \"Password\", \"Notes\" are not used; known: name, host, address, port, expect, mac, aliases, group, kind, expected, gateway, gateway_usage
--- config.toml
+++ config.toml
@@ -5,4 +5,22 @@
 \n [[target]]
 name = \"front\"
-host = \"Office-PC\"
\\ No newline at end of file
+host = \"Office-PC\"
+
+[group.\"Home; offices\"]
+
+# Imported from inventory.csv.
+
+[[target]]
+host = \"home-pc\"
+port = 3390
+mac = \"02:11:22:33:44:56\"
+group = \"Home; offices\"
+kind = \"laptop\"
+gateway = \"gw.corp.lab:443\"
+
+# Imported from list.txt.
+
+[[target]]
+host = \"office-pc\"
+port = 3391
";
    assert_eq!(plan.difference(), difference);
    let again = Config::from_text(Path::new("config.toml"), &plan.after).expect("it reads");
    assert_eq!(again.targets.len(), 3);
}

#[test]
fn two_hosts_of_one_name_are_refused_where_names_are_given_by_hand() {
    let own = "[[target]]\nname = \"pc\"\nhost = \"a\"\n";
    let told = |file: &str, text: &str| {
        let sources = [(PathBuf::from(file), found(file, text))];
        let plan = plan(Path::new("config.toml"), Some(own), &sources).expect("planned");
        let told: Vec<String> = plan.wrong.iter().map(ToString::to_string).collect();
        (plan.added, told)
    };
    let called = |place: &str, name: &str, other: &str| {
        format!("{place}: another host is called \"{name}\" ({other}), expected a name of its own")
    };
    assert_eq!(
        told("a.csv", "name,host\npc,b\nw,b:0\nw,c\nW,d\npc,a\n"),
        (
            1,
            vec![
                called("a.csv:2:1", "pc", "config.toml:1"),
                "a.csv:3:1: host: port 0 cannot be connected to, expected 1 to 65535".to_owned(),
                called("a.csv:5:1", "W", "a.csv:4"),
            ]
        )
    );
    let pasted = "wa=127.0.9.4\nwb=127.0.9.5\nwa=127.0.9.77\n";
    assert_eq!(told("list.txt", pasted), (2, vec![called("list.txt:3:1", "wa", "list.txt:1")]));
    assert_eq!(told("list.txt", "b\nb:1\nPC\n"), (3, vec![]), "a host is no name that was given");
}

#[test]
fn two_hosts_of_one_name_in_folders_are_told_apart_and_that_is_said() {
    let server = |host: &str| {
        format!(
            "<server><properties><displayName>DC</displayName><name>{host}</name></properties></server>\n"
        )
    };
    let text = format!("<RDCMan><file>\n{}{}</file></RDCMan>", server("a"), server("b"));
    let plan = planned(None, &[("lab.rdg", &text)]);
    let config = Config::from_text(Path::new("config.toml"), &plan.after).expect("it reads");
    let names: Vec<&str> = config.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["DC", "b"]);
    let told = "lab.rdg:3: another host is called \"DC\" (lab.rdg:2); taken as \"b\"";
    assert_eq!(plan.left_out, [told]);
}

#[test]
fn a_configuration_that_cannot_grow_says_so() {
    let sources = [(PathBuf::from("a.txt"), found("a.txt", "pc\n"))];
    let refused = |text: &str| {
        let refused = plan(Path::new("c.toml"), Some(text), &sources);
        refused.expect_err("refused").to_string()
    };
    assert_eq!(refused("deep = 1"), "c.toml:1:8: deep: expected true or false, found an integer");
    let inline = refused("target = [{ host = \"a\" }]\n");
    assert!(inline.starts_with("c.toml: 1 hosts cannot be added behind its end: "), "{inline}");
    assert!(inline.ends_with("expected [[target]] and [group.NAME] tables"), "{inline}");
}

proptest! {
    #[test]
    fn no_bytes_break_a_promise(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        oracle::import(&bytes);
    }

    #[test]
    fn no_changed_byte_breaks_a_promise(file in 0..GOLDEN.len(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = GOLDEN[file].1.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        oracle::import(&bytes);
    }

    #[test]
    fn no_table_breaks_a_promise(text in "(host|name|mac|port|group|expect)(,(host|name|aliases|gateway|kind)){0,3}\n([a-c\",;=#@:\\[\\]%\n .0-9\u{1}\u{202e}-]{0,12}\n){0,6}") {
        oracle::import(text.as_bytes());
    }
}
