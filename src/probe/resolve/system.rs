//! The resolver configuration of the operating system.

use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use std::net::{IpAddr, SocketAddr};

/// Servers used of those configured: `MAXNS` of resolv.conf(5).
const MAX_SERVERS: usize = if cfg!(target_os = "linux") { 3 } else { 8 };
/// Search suffixes used of those configured.
const MAX_SUFFIXES: usize = 16;
/// Whether the system ends its search with the bare name (glibc does; Windows and macOS keep
/// single-label names to themselves).
const ENDS_BARE: bool = cfg!(not(any(windows, target_vendor = "apple")));

/// What the operating system asks, and how it completes short names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemDns {
    /// Servers, in the order they are asked. Link-local ones are left out: their zone is not known.
    pub servers: Vec<SocketAddr>,
    /// Suffixes that short names are tried with, without dots at the ends.
    pub search: Vec<String>,
    /// Names with fewer dots are tried with the suffixes first.
    pub ndots: usize,
}

impl Default for SystemDns {
    /// No server and no suffix.
    fn default() -> Self {
        Self { servers: Vec::new(), search: Vec::new(), ndots: 1 }
    }
}

impl SystemDns {
    /// Reads the configuration: resolv.conf, the registry, or the System Configuration store.
    /// Empty when there is none.
    #[must_use]
    pub fn read() -> Self {
        SystemDnsReader::default().read().clone()
    }

    /// The names that the system asks its servers for when it is asked for `host`, in order,
    /// without a final dot (resolv.conf(5): `search`, `ndots`).
    #[must_use]
    pub fn candidates(&self, host: &str) -> Vec<String> {
        if let Some(absolute) = host.strip_suffix('.') {
            return vec![absolute.to_owned()];
        }
        let dots = host.matches('.').count();
        let completed = || self.search.iter().map(|suffix| format!("{host}.{suffix}"));
        let mut names = Vec::new();
        if dots >= self.ndots && dots > 0 {
            names.push(host.to_owned());
            if ENDS_BARE {
                names.extend(completed());
            }
        } else {
            names.extend(completed());
            if ENDS_BARE || dots > 0 {
                names.push(host.to_owned());
            }
        }
        names
    }

    fn of(config: &ResolverConfig, options: &ResolverOpts) -> Self {
        let mut servers: Vec<SocketAddr> = Vec::new();
        for server in config.name_servers() {
            let scoped = matches!(server.ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
            let address = SocketAddr::new(server.ip, 53);
            if !scoped && !servers.contains(&address) {
                servers.push(address);
            }
        }
        servers.truncate(MAX_SERVERS);
        let given = config.search();
        let domain = config.domain().filter(|_| given.is_empty());
        let search = given
            .iter()
            .chain(domain)
            .map(|name| name.to_ascii().trim_matches('.').to_owned())
            .filter(|suffix| !suffix.is_empty())
            .take(MAX_SUFFIXES)
            .collect();
        Self { servers, search, ndots: options.ndots }
    }
}

/// Reads the configuration over and over, parsing only what changed.
#[derive(Debug, Default)]
pub struct SystemDnsReader {
    last: SystemDns,
    #[cfg(target_os = "linux")]
    text: Option<Vec<u8>>,
}

impl SystemDnsReader {
    /// The configuration at this moment. Blocks for one small file.
    #[cfg(target_os = "linux")]
    pub fn read(&mut self) -> &SystemDns {
        use hickory_resolver::system_conf::parse_resolv_conf;
        use std::io::Read as _;
        const LARGEST: u64 = 64 * 1024;

        let mut text = Vec::new();
        let file = std::fs::File::open("/etc/resolv.conf");
        let read = file.and_then(|file| file.take(LARGEST).read_to_end(&mut text));
        if read.is_err() {
            text.clear();
        }
        if self.text.as_ref() != Some(&text) {
            self.last = parse_resolv_conf(&text)
                .map(|(config, options)| SystemDns::of(&config, &options))
                .unwrap_or_default();
            self.text = Some(text);
        }
        &self.last
    }

    /// The configuration at this moment. Blocks for milliseconds.
    #[cfg(not(target_os = "linux"))]
    pub fn read(&mut self) -> &SystemDns {
        self.last = hickory_resolver::system_conf::read_system_conf()
            .map(|(config, options)| SystemDns::of(&config, &options))
            .unwrap_or_default();
        &self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(search: &[&str], ndots: usize) -> SystemDns {
        let search = search.iter().map(|&suffix| suffix.to_owned()).collect();
        SystemDns { search, ndots, ..SystemDns::default() }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn short_names_are_completed_as_the_system_does() {
        let corp = system(&["corp.lab", "lab"], 1);
        assert_eq!(corp.candidates("pc"), ["pc.corp.lab", "pc.lab", "pc"]);
        assert_eq!(corp.candidates("pc."), ["pc"]);
        assert_eq!(corp.candidates("pc.corp"), ["pc.corp", "pc.corp.corp.lab", "pc.corp.lab"]);
        assert_eq!(corp.candidates("pc.corp.lab."), ["pc.corp.lab"]);
        assert_eq!(system(&["lab"], 2).candidates("a.b"), ["a.b.lab", "a.b"]);
        assert_eq!(system(&[], 1).candidates("pc"), ["pc"]);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_the_servers_that_the_system_uses_are_taken() {
        let text = "search corp.lab. lab\nnameserver 10.0.0.10\nnameserver 10.0.0.10\n\
                    nameserver fe80::1%eth0\nnameserver fd00::53\nnameserver 10.0.0.11\n\
                    nameserver 10.0.0.12\noptions ndots:2\n";
        let (config, options) =
            hickory_resolver::system_conf::parse_resolv_conf(text.as_bytes()).unwrap();
        let found = SystemDns::of(&config, &options);
        let servers: Vec<String> = found.servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["10.0.0.10:53", "[fd00::53]:53", "10.0.0.11:53"]);
        assert_eq!(
            (found.search.as_slice(), found.ndots),
            (&["corp.lab", "lab"].map(String::from)[..], 2)
        );
    }
}
