//! `catalogue`: the map of the lectures.

use crate::catalogue::{self, CHAPTERS, Entry};
use clap::{Args, ValueEnum};

use super::{Failure, say};

#[derive(Args)]
pub struct Map {
    /// An id (H-28), a lecture (H), a chapter (kmeans) or errata; everything if none is named
    names: Vec<String>,
    /// Text for reading, a Markdown table a chapter, or JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: MapFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum MapFormat {
    Text,
    Md,
    Json,
}

pub fn print(map: &Map) -> Result<(), Failure> {
    let mut entries = catalogue::entries()?;
    for name in &map.names {
        if !entries.iter().any(|entry| entry.answers_to(name)) {
            return Err(Failure::Usage(unknown_entry(name, &entries)));
        }
    }
    entries.retain(|entry| map.names.is_empty() || map.names.iter().any(|name| entry.answers_to(name)));
    // A lecture is read in its own order, as the file has it; all else in the book's.
    let of_lectures = !map.names.is_empty() && map.names.iter().all(|name| name.len() == 1);
    if !of_lectures && !matches!(map.format, MapFormat::Json) {
        entries.sort_by_key(|entry| CHAPTERS.iter().position(|&chapter| chapter == entry.chapter));
    }
    say(&match map.format {
        MapFormat::Text => catalogue::to_text(&entries),
        MapFormat::Md => catalogue::to_markdown(&entries),
        MapFormat::Json => catalogue::to_json(&entries),
    })
}

/// Says that there is no such id or chapter, and which there are: the ids of its lecture if it looks like one.
fn unknown_entry(name: &str, entries: &[Entry]) -> String {
    let beginning: String = name.chars().take_while(|c| !c.is_ascii_digit()).collect();
    let alike = entries.iter().map(|entry| entry.id.as_str()).filter(|id| {
        beginning.contains('-')
            && id.trim_end_matches(|c: char| c.is_ascii_digit()) == beginning.to_uppercase()
    });
    let mut near: Vec<&str> = alike.collect();
    if near.is_empty() {
        near.extend(CHAPTERS);
        near.push("errata");
    }
    format!("no id or chapter is named '{name}'; there are\n  {}", near.join(" "))
}
