//! `.rdp` files: what the Windows client saves for a connection.

use super::host::{HostError, parse_gateway, parse_host_port, parse_port};
use super::target_spec::{TargetSpec, parse_name};
use crate::domain::client_settings::{Authentication, ClientSettings};
use crate::domain::target::{self, GatewayAddress, Host};
use crate::domain::text::excerpt;
use std::path::Path;

/// Largest file that is read, in bytes.
pub(super) const MAX_BYTES: usize = 1024 * 1024;

/// The gateway's part of a connection file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayUsage {
    /// 0, or no such line: never.
    Never,
    /// 1: always.
    Always,
    /// 2: when the host cannot be reached directly.
    Detect,
    /// 3: as the administrator or the client's default has it.
    Default,
    /// 4: never, and not for local addresses either.
    NeverDetect,
    /// A value that the documentation does not know.
    Other(i64),
}

/// What a connection file says about where it leads. Credentials are never read.
///
/// Source: Microsoft Learn, "Supported RDP properties".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdpFile {
    /// `full address`, as written.
    pub full_address: Option<String>,
    /// `alternate full address`, as written.
    pub alternate_full_address: Option<String>,
    /// `server port`.
    pub server_port: Option<u16>,
    /// `gatewayhostname`, as written.
    pub gateway: Option<String>,
    /// `gatewayusagemethod`.
    pub gateway_usage: GatewayUsage,
    /// What it asks of the host: `enablecredsspsupport`, `authentication level`,
    /// `enablerdsaadauth`.
    pub client: ClientSettings,
    /// Lines that say nothing: neither a property nor empty.
    pub unread_lines: usize,
}

/// Why a file leads nowhere. The texts inside are safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RdpFileError {
    /// Larger than 1 MiB.
    #[error("it is larger than 1 MiB, expected a Remote Desktop connection file")]
    TooLarge,
    /// No `full address` and no alternative.
    #[error("it has no \"full address\" line, expected one such as full address:s:office-pc")]
    NoAddress,
    /// The address is none.
    #[error("full address: {0}")]
    Address(HostError),
    /// The port is none.
    #[error("server port: {0}")]
    Port(HostError),
    /// The gateway is none.
    #[error("gatewayhostname: {0}")]
    Gateway(HostError),
}

impl RdpFile {
    /// Reads a file's bytes: UTF-16 with or without a byte order mark, or UTF-8. Lines that are no
    /// property are counted and skipped.
    ///
    /// # Errors
    /// [`RdpFileError::TooLarge`], or a `server port` that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, RdpFileError> {
        if bytes.len() > MAX_BYTES {
            return Err(RdpFileError::TooLarge);
        }
        let text = decode(bytes);
        let mut harmless = String::with_capacity(text.len());
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if !is_credential(line) {
                harmless.push_str(line);
                harmless.push('\n');
            }
        }
        let parsed = ironrdp_rdpfile::parse(&harmless);
        let mut file = Self {
            full_address: None,
            alternate_full_address: None,
            server_port: None,
            gateway: None,
            gateway_usage: GatewayUsage::Never,
            client: ClientSettings::default(),
            unread_lines: parsed
                .errors
                .iter()
                .filter(|error| matches!(error.kind, ironrdp_rdpfile::ErrorKind::MalformedLine))
                .count(),
        };
        for (key, value) in parsed.properties.iter() {
            let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
            match key.trim().to_ascii_lowercase().as_str() {
                "full address" => file.full_address = text.map(str::to_owned),
                "alternate full address" => file.alternate_full_address = text.map(str::to_owned),
                "gatewayhostname" => file.gateway = text.map(str::to_owned),
                "gatewayusagemethod" => {
                    file.gateway_usage = value.as_int().map_or(GatewayUsage::Never, usage);
                }
                "enablecredsspsupport" => file.client.credssp = value.as_int().and_then(flag),
                "enablerdsaadauth" => file.client.entra = value.as_int().and_then(flag),
                "authentication level" => {
                    file.client.authentication = value.as_int().and_then(Authentication::of);
                }
                "server port" => {
                    let port = parse_port(&value.as_int().map_or_else(
                        || text.unwrap_or_default().to_owned(),
                        |number| number.to_string(),
                    ));
                    file.server_port = Some(port.map_err(RdpFileError::Port)?);
                }
                _ => {}
            }
        }
        Ok(file)
    }

    /// The target that the file leads to, named after the file without its extension. A port in
    /// the address wins over `server port`.
    ///
    /// # Errors
    /// [`RdpFileError::NoAddress`], or an address or a gateway that is none.
    pub fn target(&self, path: &Path) -> Result<TargetSpec, RdpFileError> {
        let (typed, host, port) = self.address()?;
        let stem = path.file_stem().map(|stem| excerpt(&stem.to_string_lossy(), 63));
        Ok(TargetSpec {
            name: stem.and_then(|stem| parse_name(&stem).ok()),
            typed: typed.to_owned(),
            host,
            port: port.or(self.server_port),
            expect: Vec::new(),
            mac: None,
            gateway: self.gateway()?,
            client: Some(self.client).filter(ClientSettings::says_something),
        })
    }

    /// The gateway that a client would use, and when.
    fn gateway(&self) -> Result<Option<GatewayAddress>, RdpFileError> {
        let usage = match self.gateway_usage {
            GatewayUsage::Always => target::GatewayUsage::Always,
            GatewayUsage::Detect | GatewayUsage::Default => target::GatewayUsage::WhenDirectFails,
            GatewayUsage::Never | GatewayUsage::NeverDetect | GatewayUsage::Other(_) => {
                return Ok(None);
            }
        };
        let place = self.gateway.as_deref().map(parse_gateway).transpose();
        let place = place.map_err(RdpFileError::Gateway)?;
        Ok(place.map(|place| GatewayAddress { usage, ..place }))
    }

    fn address(&self) -> Result<(&str, Host, Option<u16>), RdpFileError> {
        let text = self
            .full_address
            .as_deref()
            .or(self.alternate_full_address.as_deref())
            .ok_or(RdpFileError::NoAddress)?;
        parse_host_port(text).map_err(RdpFileError::Address)
    }
}

const fn flag(value: i64) -> Option<bool> {
    match value {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

const fn usage(value: i64) -> GatewayUsage {
    match value {
        0 => GatewayUsage::Never,
        1 => GatewayUsage::Always,
        2 => GatewayUsage::Detect,
        3 => GatewayUsage::Default,
        4 => GatewayUsage::NeverDetect,
        other => GatewayUsage::Other(other),
    }
}

/// Whether a line holds a password in any form (`password 51:b:…`).
fn is_credential(line: &str) -> bool {
    line.split(':').next().is_some_and(|key| key.to_lowercase().contains("password"))
}

/// Bytes to text: by byte order mark, else by the zero that UTF-16 puts beside every ASCII letter.
pub(super) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(unit);
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or('\u{fffd}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SAVED: &str = "screen mode id:i:2\r\nfull address:s:office-pc.corp.lab\r\n\
        alternate full address:s:10.0.0.21\r\nserver port:i:3390\r\n\
        gatewayhostname:s:gw.corp.lab\r\ngatewayusagemethod:i:2\r\n\
        password 51:b:01000000D08C9DDF\r\nusername:s:CORP\\bob\r\n\r\nnot a property\r\n";

    fn utf16le(text: &str) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    }

    #[test]
    fn every_encoding_reads_the_same() {
        let expected = RdpFile {
            full_address: Some("office-pc.corp.lab".into()),
            alternate_full_address: Some("10.0.0.21".into()),
            server_port: Some(3390),
            gateway: Some("gw.corp.lab".into()),
            gateway_usage: GatewayUsage::Detect,
            client: ClientSettings::default(),
            unread_lines: 1,
        };
        let big: Vec<u8> = [0xfe, 0xff]
            .into_iter()
            .chain(SAVED.encode_utf16().flat_map(u16::to_be_bytes))
            .collect();
        let marked = [b"\xef\xbb\xbf".as_slice(), SAVED.as_bytes()].concat();
        let without_mark = utf16le(SAVED).split_off(2);
        let unix = SAVED.replace('\r', "").into_bytes();
        let upper = SAVED.replace("full address", "Full Address").into_bytes();
        for bytes in
            [SAVED.as_bytes().to_vec(), utf16le(SAVED), big, marked, without_mark, unix, upper]
        {
            assert_eq!(RdpFile::parse(&bytes), Ok(expected.clone()), "{bytes:02x?}");
        }
    }

    #[test]
    fn the_target_is_named_after_the_file() {
        let file = RdpFile::parse(SAVED.as_bytes()).unwrap();
        let target = file.target(Path::new("/home/me/Front desk.rdp")).unwrap();
        assert_eq!(target.display_name(), "Front desk");
        assert_eq!(target.host, Host::Name("office-pc.corp.lab".into()));
        assert_eq!(target.port, Some(3390));
    }

    #[test]
    fn a_gateway_is_taken_as_the_client_takes_it() {
        let gateway = |lines: &str| {
            let text = format!("full address:s:pc\n{lines}");
            let spec = RdpFile::parse(text.as_bytes()).unwrap().target(Path::new("a.rdp")).unwrap();
            spec.gateway.map(|gateway| (gateway.to_string(), gateway.usage.word()))
        };
        let at = |port: u16, usage: &'static str| Some((format!("gw.corp.lab:{port}"), usage));
        for (usage, expected) in [
            ("0", None),
            ("1", at(443, "always")),
            ("2", at(443, "when-direct-fails")),
            ("3", at(443, "when-direct-fails")),
            ("4", None),
            ("7", None),
        ] {
            let lines = format!("gatewayhostname:s:gw.corp.lab\ngatewayusagemethod:i:{usage}");
            assert_eq!(gateway(&lines), expected, "{usage}");
        }
        assert_eq!(gateway("gatewayhostname:s:gw.corp.lab"), None, "no usage is never");
        assert_eq!(gateway("gatewayusagemethod:i:1"), None);
        assert_eq!(gateway("gatewayhostname:s:\ngatewayusagemethod:i:1"), None);
        let with_port = "gatewayhostname:s:gw.corp.lab:8443\ngatewayusagemethod:i:1";
        assert_eq!(gateway(with_port), at(8443, "always"));
        assert_eq!(gateway("gatewayhostname:s:a b\ngatewayusagemethod:i:0"), None, "not used");
    }

    #[test]
    fn what_the_client_asks_for_goes_with_the_target() {
        let asked = |lines: &str| {
            let text = format!("full address:s:pc\n{lines}");
            RdpFile::parse(text.as_bytes()).unwrap().target(Path::new("a.rdp")).unwrap().client
        };
        assert_eq!(asked(""), None);
        assert_eq!(asked("enablecredsspsupport:i:7\nauthentication level:i:9"), None);
        assert_eq!(
            asked("EnableCredSspSupport:i:0\nauthentication level:i:1\nenablerdsaadauth:i:1"),
            Some(ClientSettings {
                credssp: Some(false),
                authentication: Some(Authentication::Refuse),
                entra: Some(true),
            })
        );
    }

    #[test]
    fn addresses_in_every_notation() {
        for (lines, host, port) in [
            ("full address:s:pc:3391\nserver port:i:3390", "pc", Some(3391)),
            ("full address:s:[2001:db8::1]:3391", "2001:db8::1", Some(3391)),
            ("full address:s:2001:db8::1", "2001:db8::1", None),
            ("full address:s: 10.0.0.21 ", "10.0.0.21", None),
            ("full address:s:\nalternate full address:s:10.0.0.21", "10.0.0.21", None),
        ] {
            let target = RdpFile::parse(lines.as_bytes()).unwrap().target(Path::new("a.rdp"));
            let target = target.unwrap_or_else(|error| panic!("{lines}: {error}"));
            assert_eq!((target.host.to_string().as_str(), target.port), (host, port), "{lines}");
        }
    }

    #[test]
    fn a_password_is_never_kept() {
        for line in ["password 51:b:SECRET", "Password:s:SECRET", "gatewaypassword:s:SECRET"] {
            let file = RdpFile::parse(format!("{line}\nfull address:s:a").as_bytes()).unwrap();
            assert!(!format!("{file:?}").contains("SECRET"), "{line}");
            assert_eq!(file.unread_lines, 0);
        }
    }

    #[test]
    fn every_mistake_has_its_sentence() {
        let sentence = |text: &str| {
            RdpFile::parse(text.as_bytes())
                .and_then(|file| file.target(Path::new("a.rdp")))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            sentence("screen mode id:i:2"),
            "it has no \"full address\" line, expected one such as full address:s:office-pc"
        );
        assert_eq!(
            sentence("full address:s:of\x1bfice"),
            "full address: \"of\u{fffd}fice\" holds \"\u{fffd}\", expected letters, digits, hyphens, underscores and dots"
        );
        assert_eq!(
            sentence("full address:s:a\nserver port:i:0"),
            "server port: port 0 cannot be connected to, expected 1 to 65535"
        );
        assert_eq!(
            sentence("full address:s:a\nserver port:i:-1"),
            "server port: \"-1\" is not a port, expected a number from 1 to 65535"
        );
        assert_eq!(
            sentence(
                "full address:s:a\ngatewayusagemethod:i:1\ngatewayhostname:s:https://gw.lab/x"
            ),
            "gatewayhostname: \"https://gw.lab/x\" is a URL, expected the host alone: gw.lab"
        );
        assert_eq!(RdpFile::parse(&vec![b'a'; MAX_BYTES + 1]), Err(RdpFileError::TooLarge));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = RdpFile::parse(&bytes).and_then(|file| file.target(Path::new("a.rdp")));
        }

        #[test]
        fn no_lines_panic(text in "((full address|server port|gatewayusagemethod|password 51):[isb]:[^\n]{0,20}\n){0,5}") {
            let _ = RdpFile::parse(text.as_bytes()).and_then(|file| file.target(Path::new("a.rdp")));
        }
    }
}
