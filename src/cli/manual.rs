//! The manual page, made from the command line's definition.

use super::Cli;
use clap::CommandFactory as _;
use std::io::{self, Write as _};

/// The manual page, as roff: the program, its options, and every command with its own.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn manual() -> io::Result<Vec<u8>> {
    let mut definition = Cli::command();
    definition.build();
    let mut page = Vec::new();
    let program = clap_mangen::Man::new(definition.clone());
    program.render_title(&mut page)?;
    program.render_name_section(&mut page)?;
    program.render_synopsis_section(&mut page)?;
    program.render_description_section(&mut page)?;
    writeln!(page, ".SH COMMANDS")?;
    for command in definition.get_subcommands() {
        write_command(&mut page, "", command)?;
    }
    program.render_options_section(&mut page)?;
    program.render_extra_section(&mut page)?;
    program.render_version_section(&mut page)?;
    Ok(page)
}

/// One command of the manual: its line, what it does, its own arguments, and its commands.
fn write_command(page: &mut Vec<u8>, above: &str, command: &clap::Command) -> io::Result<()> {
    let mut line = format!("{above}{}", command.get_name());
    let own = || command.get_arguments().filter(|argument| !argument.is_global_set());
    for argument in own().filter(|argument| argument.is_positional()) {
        line = format!("{line} {argument}");
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    writeln!(page, ".TP\n\\fB{}\\fR\n{}", roff(&line), roff(&about))?;
    for option in own().filter(|argument| !argument.is_positional()) {
        if let (Some(long), Some(help)) = (option.get_long(), option.get_help())
            && long != "help"
        {
            let value = option.get_value_names().unwrap_or_default().join(" ");
            let option = roff(&format!("--{long} {value}"));
            writeln!(page, ".br\n\\fB{option}\\fR: {}", roff(&help.to_string()))?;
        }
    }
    for nested in command.get_subcommands().filter(|nested| nested.get_name() != "help") {
        write_command(page, &format!("{above}{} ", command.get_name()), nested)?;
    }
    Ok(())
}

/// Text for roff: hyphens stay hyphens, and no line begins a request.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if text.starts_with('.') { format!("\\&{text}") } else { text }
}
