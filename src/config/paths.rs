//! Where files are: configuration, state, and the reading and writing of them.

use super::error::{ConfigError, Place};
use super::options::{Environment, GlobalOptions};
use crate::files;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Largest configuration file, in bytes.
pub(super) const MAX_CONFIG: u64 = 1024 * 1024;

/// The annotated default configuration: what `config init` writes and `Config::default()` is.
pub const DEFAULT_TOML: &str = include_str!("../../config/default.toml");

/// Where the configuration file is looked for when none is named. `None` when neither
/// `XDG_CONFIG_HOME` nor a home directory is known (`%APPDATA%` on Windows).
#[must_use]
pub fn default_config_file(environment: Environment<'_>) -> Option<PathBuf> {
    base(environment, "XDG_CONFIG_HOME", "APPDATA", ".config").map(|base| base.join("config.toml"))
}

/// Where state is kept between runs. `None` when neither `XDG_STATE_HOME` nor a home directory is
/// known (`%LOCALAPPDATA%` on Windows).
#[must_use]
pub fn state_dir(environment: Environment<'_>) -> Option<PathBuf> {
    base(environment, "XDG_STATE_HOME", "LOCALAPPDATA", ".local/state")
}

fn base(environment: Environment<'_>, xdg: &str, windows: &str, home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| {
        environment(name).map(PathBuf::from).filter(|directory| directory.is_absolute())
    };
    let directory = absolute(xdg).or_else(|| {
        if cfg!(windows) {
            absolute(windows)
        } else {
            absolute("HOME").map(|directory| directory.join(home))
        }
    })?;
    Some(directory.join("rdpwatch"))
}

/// The configuration file that is in force: `--config`, `RDPWATCH_CONFIG`, or the default place.
#[must_use]
pub fn config_file(options: &GlobalOptions, environment: Environment<'_>) -> Option<PathBuf> {
    named_config_file(options, environment).or_else(|| default_config_file(environment))
}

fn named_config_file(options: &GlobalOptions, environment: Environment<'_>) -> Option<PathBuf> {
    options.config.clone().or_else(|| {
        environment("RDPWATCH_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from)
    })
}

/// Reads the configuration file that is in force. `None` when none was named and there is none in
/// the default place.
///
/// # Errors
/// A named file that does not exist, or one that cannot be read, is too large or is not UTF-8.
pub fn read_config_file(
    options: &GlobalOptions,
    environment: Environment<'_>,
) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let named = named_config_file(options, environment);
    let must_exist = named.is_some();
    let Some(path) = named.or_else(|| default_config_file(environment)) else { return Ok(None) };
    let failed = |message: String| ConfigError::new(Place::File(path.clone()), message);
    let bytes = match read_bounded(&path, MAX_CONFIG) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => return Ok(None),
        Err(error) => return Err(failed(format!("cannot be read: {error}"))),
    };
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = error.as_bytes().iter().take(valid);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        failed(format!("line {line} is not UTF-8, expected a TOML text"))
    })?;
    Ok(Some((path, text)))
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// Those of the operating system, and [`io::ErrorKind::FileTooLarge`].
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        let message = format!("it is larger than {} KiB", limit / 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Writes the annotated default configuration to `path`, all of it or nothing, and never over an
/// existing file. Missing directories are made.
///
/// # Errors
/// A file that exists already, or one that cannot be written.
pub fn init(path: &Path) -> Result<(), ConfigError> {
    let failed = |error: &io::Error| {
        let message = if error.kind() == io::ErrorKind::AlreadyExists {
            "it exists already, expected a new file (it was left as it is)".to_owned()
        } else {
            format!("cannot be written: {error}")
        };
        ConfigError::new(Place::File(path.to_owned()), message)
    };
    write_new(path, DEFAULT_TOML.as_bytes()).map_err(|error| failed(&error))
}

/// Replaces what a configuration file says by `after`, all of it or nothing: a draft beside it is
/// flushed and renamed. `before` is what it said when it was read; `None`: there was none. A link
/// stays one, and the owner and the rights of the file stay as they are; nobody else can read the
/// draft.
///
/// # Errors
/// A file that says something else by now, or one that cannot be written.
pub fn replace(path: &Path, before: Option<&str>, after: &str) -> Result<(), ConfigError> {
    let failed = |message: String| ConfigError::new(Place::File(path.to_owned()), message);
    let written = |error: &io::Error| failed(format!("cannot be written: {error}"));
    let changed = || {
        failed("it was changed meanwhile, nothing was written: run the command again".to_owned())
    };
    let Some(before) = before else {
        return write_new(path, after.as_bytes()).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => changed(),
            _ => written(&error),
        });
    };
    let place = fs::canonicalize(path).map_err(|error| written(&error))?;
    let put = files::replace_if(&place, after.as_bytes(), |draft| {
        let standing = fs::metadata(&place)?;
        keep_owner(draft, &standing)?;
        fs::set_permissions(draft, standing.permissions())?;
        Ok(fs::read(&place)? == before.as_bytes())
    });
    match put {
        Ok(true) => Ok(()),
        Ok(false) => Err(changed()),
        Err(failed) => Err(written(&failed.source)),
    }
}

fn write_new(path: &Path, contents: &[u8]) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let draft = files::draft(&directory.join(name), &mut OpenOptions::new(), contents)
        .map_err(|failed| failed.source)?;
    let written = publish(&draft, path, contents);
    // The draft goes whether or not it was published; a failure to remove it hides nothing.
    let _ = fs::remove_file(&draft);
    written
}

/// Gives the draft to whom the file belongs: under `sudo` it would be root's, and the user could not
/// read it any more.
#[cfg(unix)]
fn keep_owner(draft: &Path, standing: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let made = fs::metadata(draft)?;
    if (made.uid(), made.gid()) == (standing.uid(), standing.gid()) {
        return Ok(());
    }
    chown(draft, Some(standing.uid()), Some(standing.gid())).map_err(|error| {
        io::Error::new(error.kind(), format!("it belongs to somebody else ({error})"))
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it may fail")]
fn keep_owner(_draft: &Path, _standing: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Gives the draft its name: a hard link never replaces a file. Where the file system has no hard
/// links, the file is made anew under its name.
fn publish(draft: &Path, path: &Path, contents: &[u8]) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(contents)?;
            file.sync_all()
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

    /// Changed under `sudo`, the file was root's, and its user could not read it any more.
    #[test]
    fn a_changed_file_keeps_its_owner_and_its_rights() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, "before").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
        // Only root may give a file away; whoever else runs this keeps it.
        let _own = chown(&path, Some(12_345), Some(12_346));
        let standing = fs::metadata(&path).expect("there");
        replace(&path, Some("before"), "after").expect("replaced");
        let now = fs::metadata(&path).expect("there");
        assert_eq!((now.uid(), now.gid()), (standing.uid(), standing.gid()));
        assert_eq!(now.mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(&path).expect("read"), "after");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
