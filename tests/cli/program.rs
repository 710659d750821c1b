//! The program in a home of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A home without anything in it.
pub(crate) struct Home(TempDir);

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file below it.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a name").to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rdpwatch"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        let ours = |name: &str| name.starts_with("RDPWATCH_") || name.starts_with("XDG_");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_none_or(ours) {
                command.env_remove(name);
            }
        }
        for (name, folder) in [
            ("HOME", ""),
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("APPDATA", "config"),
            ("LOCALAPPDATA", "state"),
            ("USERPROFILE", ""),
        ] {
            command.env(name, self.path().join(folder));
        }
        command.env("TZ", "UTC").env_remove("NO_COLOR");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        Done::of(&mut self.command(arguments))
    }
}

impl Done {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("it runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }

    /// Data and nothing else.
    pub(crate) fn data(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    /// One sentence for people, and no data.
    pub(crate) fn sentence(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        let sentence = self.err.strip_prefix("rdpwatch: ").expect("whose it is");
        let sentence = sentence.strip_suffix('\n').expect("a line");
        assert!(!sentence.contains('\n'), "one sentence: {sentence:?}");
        sentence.to_owned()
    }
}

/// In a new home.
pub(crate) fn run(arguments: &[&str]) -> Done {
    Home::new().run(arguments)
}

/// Runs with a standard output that nobody reads.
pub(crate) fn run_into_closed_pipe(arguments: &[&str]) -> Done {
    let home = Home::new();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    assert!(writer.write_all(b"x").is_err(), "the pipe is closed");
    let mut command = home.command(arguments);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().expect("it starts");
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8(output.stderr).expect("text");
    Done { code: output.status.code(), out: String::new(), err }
}
