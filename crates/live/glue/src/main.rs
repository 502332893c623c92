//! `glue MODULE FOLDER`: writes the module that a browser loads, and the JavaScript that loads it.

use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("error: glue MODULE FOLDER");
        return ExitCode::FAILURE;
    };
    let mut bindgen = Bindgen::new();
    // Names are for who debugs, and a third of the size.
    bindgen.remove_name_section(true).remove_producers_section(true);
    let written =
        bindgen.no_modules(true).map(|bindgen| bindgen.input_path(module).typescript(false).out_name("em"));
    match written.and_then(|bindgen| bindgen.generate(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
