//! Command lines, read and refused.

use super::*;
use proptest::prelude::*;

fn read(line: &[&str]) -> Result<Cli, Exit> {
    Cli::read(["rdpwatch"].iter().chain(line).map(OsString::from))
}

fn watched(line: &[&str]) -> Vec<String> {
    match read(line).map(|cli| cli.command) {
        Ok(Command::Watch(targets)) => targets.targets,
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_host_needs_no_command() {
    assert_eq!(watched(&[]), Vec::<String>::new());
    assert_eq!(watched(&["a", "b"]), ["a", "b"]);
    assert_eq!(watched(&["--interval", "1s", "a"]), ["a"]);
    assert_eq!(watched(&["a", "--interval", "1s"]), ["a"]);
    assert_eq!(watched(&["-c", "demo", "a"]), ["a"]);
    assert_eq!(watched(&["-vc", "demo", "a"]), ["a"]);
    assert_eq!(watched(&["-vcdemo", "a"]), ["a"]);
    assert_eq!(watched(&["--ascii", "a"]), ["a"]);
    assert_eq!(watched(&["-4", "a"]), ["a"]);
    assert_eq!(watched(&["--", "demo"]), ["demo"]);
    assert_eq!(watched(&["watch", "demo"]), ["demo"]);
    assert_eq!(watched(&["chekc"]), ["chekc"]);
    assert_eq!(watched(&["a", "check"]), ["a", "check"]);
    assert_eq!(watched(&["help"]), ["help"]);
}

#[test]
fn options_stand_before_and_after_a_command() {
    let before = read(&["--timeout", "3s", "--dns", "10.0.0.10", "check", "a"]).unwrap();
    let after = read(&["check", "a", "--timeout", "3s", "--dns", "10.0.0.10:53"]).unwrap();
    assert_eq!(before, after);
    assert_eq!(before.options.timeout, Some(Duration::from_secs(3)));
    assert_eq!(before.options.dns, ["10.0.0.10:53".parse().unwrap()]);
    let flags = read(&["--no-icmp", "--ascii=false", "-vv", "demo"]).unwrap();
    assert_eq!(flags.command, Command::Demo(DemoArgs::default()));
    assert_eq!((flags.options.no_icmp, flags.options.ascii), (Some(true), Some(false)));
    assert_eq!(flags.options.verbose, 2);
}

#[test]
fn every_command_reads() {
    let none: Environment<'_> = &|_| None;
    let Command::Check(check) =
        read(&["check", "a", "--format", "json", "--count", "3"]).unwrap().command
    else {
        panic!("check")
    };
    assert_eq!(check.format(none), Ok(Format::Json));
    assert_eq!(check.count(none), Ok(3));
    let Command::Wake(wake) = read(&["wake", "a", "--wait", "5s"]).unwrap().command else {
        panic!("wake")
    };
    assert_eq!(wake.wait(none), Ok(Duration::from_secs(5)));
    assert_eq!(
        read(&["explain", "0x904", "0x7"]).unwrap().command,
        Command::Explain(ExplainArgs {
            code: "0x904".into(),
            extended: Some("0x7".into()),
            target: None,
            format: None,
        })
    );
    assert_eq!(
        read(&["config", "init"]).unwrap().command,
        Command::Config { action: ConfigAction::Init }
    );
    assert_eq!(
        read(&["completions", "fish"]).unwrap().command,
        Command::Completions { shell: Shell::Fish }
    );
    assert_eq!(read(&["man"]).unwrap().command, Command::Man);
    assert_eq!(read(&["doctor"]).unwrap().command, Command::Doctor);
}

#[test]
fn the_environment_stands_in_for_a_commands_own_options() {
    let environment: Environment<'_> = &|name| match name {
        "RDPWATCH_FORMAT" => Some("json".into()),
        "RDPWATCH_COUNT" => Some("5".into()),
        "RDPWATCH_WAIT" => Some("1h 1s".into()),
        _ => None,
    };
    let Command::Check(check) = read(&["check"]).unwrap().command else { panic!("check") };
    assert_eq!(check.format(environment), Ok(Format::Json));
    assert_eq!(check.count(environment), Ok(5));
    assert_eq!(check.count(&|_| None), Ok(10));
    let Command::Wake(wake) = read(&["wake", "a"]).unwrap().command else { panic!("wake") };
    assert_eq!(
        wake.wait(environment).unwrap_err().to_string(),
        "RDPWATCH_WAIT: \"1h 1s\" is too long, expected 0s to 1h"
    );
    assert_eq!(wake.wait(&|_| None), Ok(Duration::from_mins(2)));
}

#[test]
fn usage_errors_have_the_commands_code() {
    for (line, code) in [
        (&["--intervall", "1s"][..], 2),
        (&["check", "--count", "0"], 3),
        (&["--timeout", "1ms", "check"], 3),
        (&["wake"], 2),
        (&["-4", "-6", "a"], 2),
        (&["explain"], 2),
        (&["--fps", "100"], 2),
    ] {
        let exit = read(line).unwrap_err();
        assert_eq!((exit.code, exit.to_stdout), (code, false), "{line:?}: {}", exit.text);
    }
    assert_eq!(read(&["check"]).unwrap().command.usage_code(), 3);
    assert_eq!(read(&["a"]).unwrap().command.usage_code(), 2);
}

#[test]
fn help_and_version_are_data() {
    for line in [&["--help"][..], &["-V"], &["check", "--help"], &["-v", "--help"]] {
        let exit = read(line).unwrap_err();
        assert_eq!((exit.code, exit.to_stdout), (0, true), "{line:?}: {}", exit.text);
    }
    let help = read(&["--help"]).unwrap_err().text;
    assert!(help.contains("rdpwatch [OPTIONS] [TARGET]..."), "{help}");
    for absent in ["run", "report"] {
        assert!(!help.contains(&format!("\n  {absent} ")), "{absent}");
    }
}

#[test]
fn nothing_typed_reaches_the_terminal_raw() {
    let exit = read(&["--\x1b[2Jx"]).unwrap_err();
    assert!(!exit.text.contains('\x1b'), "{:?}", exit.text);
    let exit = read(&["check", "--count", "\x1b]0;owned\x07"]).unwrap_err();
    assert!(!exit.text.contains(['\x1b', '\x07']), "{:?}", exit.text);
}

#[test]
fn completions_and_manual_name_every_command() {
    let script = String::from_utf8(completions(Shell::Bash)).unwrap();
    let page = String::from_utf8(manual().unwrap()).unwrap();
    for command in
        ["watch", "check", "wake", "explain", "mark", "import", "config", "demo", "doctor"]
    {
        assert!(script.contains(command) && page.contains(command), "{command}");
    }
    for own in ["\\-\\-count", "\\-\\-wait", "config init", "explain <CODE> [EXT] [TARGET]"] {
        assert!(page.contains(own), "{own} in {page}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_command_line_panics(line in proptest::collection::vec("(-{0,2}[a-z46]{0,8}(=.{0,4})?|.{0,8})", 0..4)) {
        if let Err(exit) = Cli::read(["rdpwatch".to_owned()].into_iter().chain(line).map(OsString::from)) {
            prop_assert!(exit.text.lines().all(|line| printable(line) == line));
        }
    }
}
