//! The hosts file, read to tell its answers from those of DNS.

use std::io::Read as _;
use std::net::IpAddr;
use std::path::PathBuf;

/// A larger file is read up to here.
const LARGEST: u64 = 8 * 1024 * 1024;

/// The addresses that the hosts file has for `host`. The file is read each time, as the operating
/// system's own resolver does; blocks.
pub(super) fn addresses_of(host: &str) -> Vec<IpAddr> {
    let mut text = Vec::new();
    let file = std::fs::File::open(path());
    if file.and_then(|file| file.take(LARGEST).read_to_end(&mut text)).is_err() {
        return Vec::new();
    }
    find(&String::from_utf8_lossy(&text), host)
}

#[cfg(not(windows))]
fn path() -> PathBuf {
    PathBuf::from("/etc/hosts")
}

#[cfg(windows)]
fn path() -> PathBuf {
    let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
    PathBuf::from(root).join(r"System32\drivers\etc\hosts")
}

/// The addresses of `host` in a hosts file: lines of an address and its names (hosts(5)).
fn find(text: &str, host: &str) -> Vec<IpAddr> {
    let host = host.trim_end_matches('.');
    let mut found = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.split('#').next().unwrap_or_default();
        let mut fields = line.split_whitespace();
        let Some(address) = fields.next() else { continue };
        if !fields.any(|name| name.trim_end_matches('.').eq_ignore_ascii_case(host)) {
            continue;
        }
        let without_zone = address.split('%').next().unwrap_or_default();
        if let Ok(address) = without_zone.parse() {
            found.push(address);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_whole_and_without_case_on_every_line() {
        let text = "\u{feff}127.0.0.1 localhost\n# 10.0.0.9 office-pc\n10.0.0.21\toffice-pc OFFICE-PC.corp.lab # x\n\
                    fe80::21%eth0 office-pc\nnonsense office-pc\n10.0.0.22 office-pc2 my_pc\n";
        let of = |host| find(text, host).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of("Office-PC"), ["10.0.0.21", "fe80::21"]);
        assert_eq!(of("office-pc.corp.lab."), ["10.0.0.21"]);
        assert_eq!(of("my_pc"), ["10.0.0.22"]);
        assert_eq!(of("localhost"), ["127.0.0.1"]);
        assert!(of("office").is_empty());
    }
}
