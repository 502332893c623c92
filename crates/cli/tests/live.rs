//! The live page on the reader's own data gives the model of the command that it prints, byte for byte.

use executable_em_live::answer;
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

fn ask(question: &Value) -> Value {
    let reply: Value = serde_json::from_str(&answer(&question.to_string())).expect("JSON");
    assert!(reply.get("error").is_none(), "{question}: {}", reply["error"]);
    reply["answer"].clone()
}

#[test]
fn the_page_and_its_command_give_the_same_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let blobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src/data");
    for (name, family, k, start) in [
        ("old_faithful", "full", 2, &["--start", "scaled"][..]),
        ("old_faithful", "tied", 3, &["--start", "scaled"]),
        ("blobs", "diagonal", 4, &["--start", "scaled"]),
        ("old_faithful", "full", 6, &["--variational"]),
        ("blobs", "diagonal", 6, &["--variational"]),
    ] {
        let table = blobs.join(format!("{name}.csv"));
        let text = fs::read_to_string(&table).expect("a table");
        let columns = if name == "blobs" {
            json!([1, 2])
        } else {
            ask(&json!({"page": "table", "text": text}))["columns"].clone()
        };
        let page = ask(&json!({
            "page": "fit", "text": text, "columns": columns, "family": family, "k": k, "highest": 6,
            "variational": start == ["--variational"],
        }));
        let out = folder.path().join("model.json");
        let run = Command::new(env!("CARGO_BIN_EXE_executable-em"))
            .arg("fit")
            .arg(&table)
            .args(["-k", &k.to_string(), "--columns", "1,2", "--covariance", family])
            .args(start)
            .args(["--restarts", "10", "--out"])
            .arg(&out)
            .output()
            .expect("a run");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(
            page["json"].as_str(),
            fs::read_to_string(&out).ok().as_deref(),
            "{name}, {family}, k = {k}"
        );
        fs::remove_file(&out).expect("written anew");
    }
}
