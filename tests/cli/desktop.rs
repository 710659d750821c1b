//! Alerts as notifications on the desktop: in a build that can, and in one that cannot.

use super::program::Home;

const SINK: &str = "[[sink]]\ntype = 'desktop'\n";

#[test]
#[cfg(not(feature = "desktop"))]
fn a_build_without_the_feature_says_so_in_one_sentence() {
    let home = Home::new();
    let file = home.write("desktop.toml", SINK);
    for arguments in [["config", "check", "-c", &file], ["alert", "test", "-c", &file]] {
        let done = home.run(&arguments);
        assert!(done.code.is_some_and(|code| code != 0), "{done:?}");
        let told = done.err.contains(
            "desktop.toml:2:8: sink: this build shows no desktop notifications, expected one \
             made with `cargo build --release --features desktop`",
        );
        assert!(told, "{done:?}");
    }
}

#[cfg(all(feature = "desktop", target_os = "linux"))]
mod with_a_bus {
    use super::*;
    use crate::program::Done;
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::{UnixListener, UnixStream};

    /// Without a desktop the reason is told.
    #[test]
    fn without_a_session_it_is_not_told_and_says_why() {
        let home = Home::new();
        let file = home.write("desktop.toml", SINK);
        let mut command = home.command(&["alert", "test", "-c", &file]);
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
        let done = Done::of(&mut command);
        assert_eq!(done.code, Some(1), "{done:?}");
        assert!(done.out.contains("desktop (desktop): not told: the desktop shows"), "{done:?}");
    }

    #[test]
    fn the_desktop_is_told_what_the_alert_says() {
        let home = Home::new();
        let file = home.write("desktop.toml", SINK);
        let socket = home.path().join("bus");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let bus = std::thread::spawn(move || serve(listener.accept().expect("a client").0));
        let mut command = home.command(&["alert", "test", "-c", &file]);
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
        let done = Done::of(&mut command);
        assert_eq!(
            (done.out.as_str(), done.code),
            ("desktop (desktop): told\n", Some(0)),
            "{done:?}"
        );
        let notified = bus.join().expect("a bus").expect("a notification");
        assert!(notified.contains("CRITICAL office-pc: test of rdpwatch"), "{notified:?}");
    }

    /// A session bus and a desktop in one, as far as a notification needs them: what it was asked
    /// to show (D-Bus Specification, "Authentication Protocol" and "Message Protocol").
    fn serve(mut client: UnixStream) -> Option<String> {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            client.read_exact(&mut byte).ok()?;
            line.push(byte[0]);
            if !line.ends_with(b"\r\n") {
                continue;
            }
            let words = String::from_utf8_lossy(&line).trim_matches(['\0', '\r', '\n']).to_owned();
            line.clear();
            match words.split(' ').next()? {
                "AUTH" => client.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n").ok()?,
                "NEGOTIATE_UNIX_FD" => client.write_all(b"ERROR\r\n").ok()?,
                "BEGIN" => break,
                _ => return None,
            }
        }
        loop {
            let mut head = [0; 16];
            client.read_exact(&mut head).ok()?;
            let number = |at: usize| -> u32 {
                u32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"))
            };
            let size = |number: u32| usize::try_from(number).expect("a size");
            let fields = size(number(12)).next_multiple_of(8);
            let mut rest = vec![0; fields + size(number(4))];
            client.read_exact(&mut rest).ok()?;
            let text = String::from_utf8_lossy(&rest).into_owned();
            let serial = number(8);
            if text.contains("Notify") {
                client.write_all(&reply(serial, "u", &7_u32.to_le_bytes())).ok()?;
                return Some(text);
            }
            // A name for the client; nothing else asks for more than an answer.
            let name = [5_u32.to_le_bytes().as_slice(), b":1.42\0"].concat();
            let hello = text.contains("Hello");
            let (signature, body) = if hello { ("s", name.as_slice()) } else { ("", &[][..]) };
            client.write_all(&reply(serial, signature, body)).ok()?;
        }
    }

    /// `METHOD_RETURN`.
    fn reply(serial: u32, signature: &str, body: &[u8]) -> Vec<u8> {
        let count = |bytes: &[u8]| u32::try_from(bytes.len()).expect("a size").to_le_bytes();
        // REPLY_SERIAL, then SIGNATURE, each a struct that begins at a multiple of eight.
        let mut fields = [[5, 1, b'u', 0].as_slice(), &serial.to_le_bytes()].concat();
        if !signature.is_empty() {
            fields.extend([8, 1, b'g', 0, 1]);
            fields.extend(signature.as_bytes());
            fields.push(0);
        }
        let mut bytes = vec![b'l', 2, 1, 1];
        bytes.extend(count(body));
        bytes.extend(serial.to_le_bytes());
        bytes.extend(count(&fields));
        bytes.extend(&fields);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes.extend(body);
        bytes
    }
}
