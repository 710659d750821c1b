//! nftables on one machine.

use crate::lab::Machine;
use std::io::Write;
use std::process::Stdio;

/// What the firewall does with packets that come in: lines of nft's language.
pub(crate) fn filter(machine: &Machine, rules: &[&str]) {
    let rules = rules.join("\n");
    let table = format!(
        "table inet lab\ndelete table inet lab\ntable inet lab {{\n\
         chain incoming {{\ntype filter hook input priority 0; policy accept;\n{rules}\n}}\n\
         chain passing {{\ntype filter hook forward priority 0; policy accept;\n{rules}\n}}\n}}\n"
    );
    let mut line = machine.command("nft");
    let mut nft = line.args(["-f", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    nft.stdin.take().unwrap().write_all(table.as_bytes()).unwrap();
    assert!(nft.wait().unwrap().success(), "nft refuses {table}");
}

/// Lets everything in again.
pub(crate) fn open(machine: &Machine) {
    filter(machine, &[]);
}
