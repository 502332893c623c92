//! Every command that the README shows is one that works.

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../");

/// The lines of the README's `sh` blocks, without comments.
fn commands() -> Vec<String> {
    let readme = std::fs::read_to_string(format!("{ROOT}README.md")).expect("the README");
    let blocks = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().expect("an end"));
    let lines = blocks.flat_map(str::lines).map(|line| line.split(" #").next().expect("a start").trim());
    lines.filter(|line| !line.is_empty()).map(str::to_string).collect()
}

/// The README's `cargo run` lines, run by this crate's binary in an empty folder.
#[test]
fn the_command_line_does_what_the_readme_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut seen = 0;
    for command in commands() {
        let Some(arguments) = command.strip_prefix("cargo run --release") else { continue };
        let arguments = arguments.trim_start().trim_start_matches("--").split_whitespace();
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_executable-em"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the binary starts");
        assert!(run.status.success(), "{command}: {}", String::from_utf8_lossy(&run.stderr));
        seen += 1;
    }
    assert!(seen >= 5, "only {seen} commands found");
    assert!(folder.path().join("figures/kmeans/steps.svg").is_file());
    assert!(folder.path().join("figures/kmeans/steps.pdf").is_file());
    assert!(folder.path().join("slides/kmeans/steps.png").is_file());
}

/// What the README shows of a session is what is printed, to the digits that machines agree in.
#[test]
fn a_session_prints_what_the_readme_shows() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::create_dir_all(folder.path().join("src/data")).expect("a folder");
    let data = "src/data/old_faithful.csv";
    std::fs::copy(format!("{ROOT}{data}"), folder.path().join(data)).expect("a copy");
    let readme = std::fs::read_to_string(format!("{ROOT}README.md")).expect("the README");
    let session =
        readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a session");
    let mut compared = 0;
    for shown in session.split("$ cargo run --release -- ").skip(1) {
        let (command, shown) = shown.split_once('\n').expect("what is printed");
        let arguments = command.split(" | ").next().expect("a command").split_whitespace();
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_executable-em"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the binary starts");
        let printed = String::from_utf8(run.stdout).expect("text");
        for (shown, printed) in shown.lines().zip(printed.lines()) {
            let words = |line: &str| line.split([' ', ',', ';', '(']).map(str::to_owned).collect::<Vec<_>>();
            let (one, other) = (words(shown), words(printed));
            assert_eq!(one.len(), other.len(), "{shown}\n{printed}");
            for (one, other) in one.iter().zip(&other) {
                match (one.parse::<f64>(), other.parse::<f64>()) {
                    (Ok(one), Ok(other)) => {
                        assert!((one - other).abs() <= 1e-8 * one.abs().max(1.0), "{printed}")
                    }
                    _ => assert_eq!(one, other, "{shown}\n{printed}"),
                }
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "only {compared} words compared");
}

/// The README's other commands: a target of the Makefile, or what CI itself runs.
#[test]
fn the_other_commands_exist() {
    let makefile = std::fs::read_to_string(format!("{ROOT}Makefile")).expect("the Makefile");
    let ci = std::fs::read_to_string(format!("{ROOT}.ci/run")).expect("the CI script");
    for command in commands() {
        if let Some(target) = command.strip_prefix("make ") {
            assert!(makefile.contains(&format!("\n{target}:")), "no target {target}");
        } else if !command.starts_with("cargo run") {
            assert!(ci.lines().any(|line| line == command), "CI does not run {command}");
        }
    }
}
