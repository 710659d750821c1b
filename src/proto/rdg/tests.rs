use super::*;
use crate::proto::oracle;
use proptest::prelude::*;

/// What IIS of Windows Server 2019 with the gateway role answers, in the shape that MS-TSGU
/// 3.3.5.1 demands: one `WWW-Authenticate` per scheme.
const IIS: &[u8] = b"HTTP/1.1 401 Unauthorized\r\n\
    Content-Type: text/plain\r\n\
    Server: Microsoft-HTTPAPI/2.0\r\n\
    WWW-Authenticate: Negotiate\r\n\
    WWW-Authenticate: NTLM\r\n\
    WWW-Authenticate: Basic realm=\"gw.corp.lab\"\r\n\
    Date: Sat, 21 Nov 2026 07:00:00 GMT\r\n\
    Connection: close\r\n\
    Content-Length: 13\r\n\r\n";

fn head(bytes: &[u8]) -> Head {
    parse_head(bytes).done().expect("a whole head").expect("HTTP")
}

fn misread(bytes: &[u8]) -> (usize, &'static str) {
    let misread = parse_head(bytes).done().expect("decided").expect_err("not HTTP");
    (misread.offset, misread.reason)
}

#[test]
fn the_request_is_this_and_holds_no_credentials() {
    let bytes = request("gw.corp.lab:8443", [0xab; 16]);
    let golden = "RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\n\
        Host: gw.corp.lab:8443\r\n\
        User-Agent: rdpwatch\r\n\
        Accept: */*\r\n\
        Cache-Control: no-cache\r\n\
        RDG-Connection-Id: {ABABABAB-ABAB-4BAB-ABAB-ABABABABABAB}\r\n\
        Content-Length: 0\r\n\
        Connection: close\r\n\r\n";
    assert_eq!(String::from_utf8(bytes.clone()).expect("ASCII"), golden);
    // Octets: method (12), space, path (22), space, version, then the fields above.
    assert_eq!(bytes.len(), golden.len());
    assert!(bytes.starts_with(&[
        0x52, 0x44, 0x47, 0x5f, 0x4f, 0x55, 0x54, 0x5f, 0x44, 0x41, 0x54, 0x41, 0x20, 0x2f, 0x72
    ]));
    let text = golden.to_ascii_lowercase();
    assert!(!text.contains("authorization") && !text.contains("cookie"));
}

#[test]
fn the_request_is_http_as_others_read_it() {
    let bytes = request("[2001:db8::1]", [0; 16]);
    let mut fields = [httparse::EMPTY_HEADER; 16];
    let mut parsed = httparse::Request::new(&mut fields);
    assert_eq!(parsed.parse(&bytes), Ok(httparse::Status::Complete(bytes.len())));
    assert_eq!((parsed.method, parsed.path), (Some(METHOD), Some(PATH)));
    let names: Vec<&str> = parsed.headers.iter().map(|field| field.name).collect();
    assert_eq!(names[0], "Host");
    assert_eq!(names.len(), 7);
}

#[test]
fn a_guid_is_of_version_4_whatever_is_random() {
    assert_eq!(guid([0; 16]), "{00000000-0000-4000-8000-000000000000}");
    assert_eq!(guid([0xff; 16]), "{FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF}");
}

#[test]
fn a_gateway_names_its_schemes() {
    let head = head(IIS);
    assert_eq!(head.status, 401);
    assert_eq!(head.schemes, ["Negotiate", "NTLM", "Basic"]);
    assert_eq!(head.location, None);
    assert_eq!(head.answer(), GatewayAnswer::Challenge);
}

#[test]
fn schemes_in_one_field_are_told_from_their_parameters() {
    for (value, expected) in [
        ("Negotiate, NTLM", vec!["Negotiate", "NTLM"]),
        ("Negotiate,NTLM,, negotiate", vec!["Negotiate", "NTLM"]),
        ("Digest realm=\"a, NTLM\", nonce=\"x\\\", Basic\", qop = auth", vec!["Digest"]),
        ("Basic realm=\"x\", Bearer scope=\"y\" , error=\"z\"", vec!["Basic", "Bearer"]),
        ("Negotiate YIIK/+==, NTLM TlRMTVNT==", vec!["Negotiate", "NTLM"]),
        ("realm=\"only a parameter\"", vec![]),
        ("", vec![]),
        (", ,", vec![]),
        ("\u{1f512}", vec![]),
        ("Basic/x", vec![]),
    ] {
        let bytes = format!("HTTP/1.1 401 x\r\nwww-AUTHENTICATE: {value}\r\n\r\n");
        assert_eq!(head(bytes.as_bytes()).schemes, expected, "{value}");
    }
    let many: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
    let bytes = format!("HTTP/1.1 401 x\r\nWWW-Authenticate: {}\r\n\r\n", many.join(","));
    assert_eq!(head(bytes.as_bytes()).schemes.len(), MAX_SCHEMES);
}

#[test]
fn every_status_has_its_meaning() {
    use GatewayAnswer::{
        Challenge, MethodFiltered, NoSchemes, NotFound, OtherStatus, Redirected, Unavailable,
    };
    for (status, expected) in [
        (401, Challenge),
        (404, NotFound),
        (405, MethodFiltered),
        (501, MethodFiltered),
        (301, Redirected),
        (302, Redirected),
        (308, Redirected),
        (503, Unavailable),
        (200, OtherStatus),
        (403, OtherStatus),
        (407, OtherStatus),
        (502, OtherStatus),
    ] {
        assert_eq!(head(&answer(status, &["NTLM"], None)).answer(), expected, "{status}");
    }
    assert_eq!(head(&answer(401, &[], None)).answer(), NoSchemes);
}

#[test]
fn a_redirect_keeps_where_to() {
    let moved = head(&answer(302, &[], Some("https://sso.corp.lab/login?x=1")));
    assert_eq!(moved.location.as_deref(), Some("https://sso.corp.lab/login?x=1"));
    let long = "x".repeat(MAX_LOCATION * 2);
    assert_eq!(head(&answer(302, &[], Some(&long))).location.map(|l| l.len()), Some(MAX_LOCATION));
    assert_eq!(head(&answer(302, &[], Some(" "))).location, None);
}

#[test]
fn a_status_below_100_is_none() {
    let head = b"HTTP/1.1 014 Unauthorized\r\nConnection: close\r\n\r\n";
    oracle::rdg_head(head);
    assert_eq!(misread(head), (11, "no status code"), "whole");
    assert_eq!(misread(&head[..20]), (11, "no status code"), "so far");
    assert_eq!(misread(b"HTTP/1.1 099\r\n\r\n").1, "no status code");
    let worse = b"HTTP/1.1 014 Unauthorized\r\nCo\0: close\r\n\r\n";
    oracle::rdg_head(worse);
    assert_eq!(misread(worse), (11, "no status code"), "the first fault is the one that is told");
}

#[test]
fn an_interim_answer_is_not_the_answer() {
    for interim in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n"] {
        let bytes = [interim.as_bytes(), interim.as_bytes(), IIS].concat();
        for length in 0..bytes.len() {
            assert_eq!(parse_head(&bytes[..length]), Parse::NeedMore(length + 1), "{length}");
        }
        let consumed = bytes.len();
        assert_eq!(parse_head(&bytes), Parse::Done { value: Ok(head(IIS)), consumed });
        oracle::rdg_head(&bytes);
        let garbage = [interim.as_bytes(), b"SSH-2.0"].concat();
        assert_eq!(misread(&garbage), (interim.len(), "no HTTP version"));
        oracle::rdg_head(&garbage);
        let endless = interim.repeat(MAX_HEAD / interim.len() + 1);
        assert_eq!(misread(endless.as_bytes()), (MAX_HEAD, "a head above 16 KiB"));
    }
    let switched = head(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
    assert_eq!((switched.status, switched.answer()), (101, GatewayAnswer::OtherStatus));
}

#[test]
fn what_is_no_http_says_where() {
    assert_eq!(misread(b"SSH-2.0-OpenSSH_9.2\r\n"), (0, "no HTTP version"));
    assert_eq!(misread(&[0x03, 0x00, 0x00, 0x13, 0x0e, 0xd0, 0, 0]).0, 0);
    assert_eq!(misread(b"HTTP/2.0 200 OK\r\n\r\n").1, "no HTTP version");
    assert_eq!(misread(b"HTTP/1.1 4x1 no\r\n\r\n"), (10, "no status code"));
    assert_eq!(misread(b"HTTP/1.1 401 x\r\nA b: c\r\n\r\n").1, "no name of a header field");
    let many = format!("HTTP/1.1 401 x\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADERS + 1));
    let (offset, reason) = misread(many.as_bytes());
    assert_eq!(reason, "more than 64 header fields");
    assert!(offset >= 16 + 6 * MAX_HEADERS && offset < many.len(), "{offset}");
    let endless = [b"HTTP/1.1 401 x\r\nA: ".as_slice(), &vec![b'a'; 10 * MAX_HEAD]].concat();
    assert_eq!(misread(&endless), (MAX_HEAD, "a head above 16 KiB"));
}

#[test]
fn every_prefix_asks_for_more_and_nothing_behind_the_head_is_read() {
    for length in 0..IIS.len() {
        assert_eq!(parse_head(&IIS[..length]), Parse::NeedMore(length + 1), "{length}");
        assert_eq!(misread_partial(&IIS[..length]), None);
    }
    let body = [IIS, b"\x00\xff body"].concat();
    assert_eq!(parse_head(&body), Parse::Done { value: Ok(head(IIS)), consumed: IIS.len() });
    oracle::rdg_head(&body);
}

proptest! {
    #[test]
    fn no_bytes_break_a_promise(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        oracle::rdg_head(&bytes);
        oracle::rdg_head(&[b"HTTP/1.1 401 x\r\nWWW-Authenticate: ".as_slice(), &bytes].concat());
    }

    #[test]
    fn what_is_written_is_read(
        status in 200_u16..600,
        schemes in proptest::collection::btree_set("[A-Za-z][A-Za-z0-9_]{0,20}", 0..8),
        location in proptest::option::of("[!-~]{1,60}"),
    ) {
        let mut schemes: Vec<String> = schemes.into_iter().collect();
        schemes.dedup_by(|a, b| a.eq_ignore_ascii_case(b));
        let mut seen = Vec::new();
        schemes.retain(|scheme| {
            let lower = scheme.to_ascii_lowercase();
            let fresh = !seen.contains(&lower);
            seen.push(lower);
            fresh
        });
        let spelled: Vec<&str> = schemes.iter().map(String::as_str).collect();
        let head = head(&answer(status, &spelled, location.as_deref()));
        prop_assert_eq!(head, Head { status, schemes, location });
    }
}
