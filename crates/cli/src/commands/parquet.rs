//! Parquet files: a row group a block, of columns that hold numbers.

use std::fs::File;

use nalgebra::DMatrix;
use parquet::{
    basic::{ConvertedType, LogicalType, Type},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::DataType,
    errors::{ParquetError, Result},
    file::reader::{FileReader, SerializedFileReader},
    schema::types::ColumnDescriptor,
};

use super::{
    Failure, broken,
    columns::{Columns, listed},
    reading::Reading,
};

/// The blocks of a file's columns, those that are asked for or bear the names of a model's.
pub fn open(
    file: File,
    name: &str,
    asked: &Columns,
    model: Option<&[String]>,
) -> std::result::Result<Reading, Failure> {
    let called = name.to_owned();
    let failed = move |error: ParquetError| broken(format!("{called}: {error}"));
    let reader = SerializedFileReader::new(file).map_err(&failed)?;
    let all = names(&reader);
    let columns = asked.of(name, &all, true, model)?;
    for &column in &columns {
        if let Some(held) = not_numbers(&reader, column) {
            let rest: Vec<usize> =
                (0..all.len()).filter(|&other| not_numbers(&reader, other).is_none()).collect();
            let rest = listed(&rest, &all);
            let what = format!("column {} holds {held}, no numbers", all[column]);
            return Err(broken(format!("{name}: {what}: leave it out: --columns {rest}")));
        }
    }
    let names = columns.iter().map(|&column| all[column].clone()).collect();
    let blocks = Groups { reader, columns, read: 0 }.map(move |block| block.map_err(&failed));
    Ok(Reading { names, blocks: Box::new(blocks), place: None })
}

/// A file whose row groups are read one after the other.
struct Groups {
    reader: SerializedFileReader<File>,
    /// Those that are wanted, from 0.
    columns: Vec<usize>,
    read: usize,
}

/// The names of all columns, those in groups with the group's before them.
fn names(reader: &SerializedFileReader<File>) -> Vec<String> {
    reader.metadata().file_metadata().schema_descr().columns().iter().map(|one| one.path().string()).collect()
}

/// What a column holds, if that is no number in every row; a row without one counts as NaN.
fn not_numbers(reader: &SerializedFileReader<File>, column: usize) -> Option<String> {
    let descriptor = reader.metadata().file_metadata().schema_descr().column(column);
    let is_physical = matches!(
        descriptor.physical_type(),
        Type::BOOLEAN | Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE
    );
    match descriptor.logical_type_ref() {
        _ if descriptor.max_rep_level() > 0 => Some("lists".to_owned()),
        None | Some(LogicalType::Integer { .. }) if is_physical => match descriptor.converted_type() {
            ConvertedType::DECIMAL | ConvertedType::DATE | ConvertedType::TIME_MILLIS => {
                Some(format!("{}", descriptor.converted_type()))
            }
            _ => None,
        },
        None => Some(format!("{}", descriptor.physical_type())),
        Some(logical) => Some(format!("{logical:?}")),
    }
}

impl Groups {
    fn block(&self, group: usize) -> Result<DMatrix<f64>> {
        let group = self.reader.get_row_group(group)?;
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let mut block = DMatrix::zeros(rows, self.columns.len());
        for (place, &column) in self.columns.iter().enumerate() {
            let descriptor = group.metadata().column(column).column_descr_ptr();
            let numbers = numbers(group.get_column_reader(column)?, &descriptor, rows)?;
            block.column_mut(place).copy_from_slice(&numbers);
        }
        Ok(block)
    }
}

impl Iterator for Groups {
    type Item = Result<DMatrix<f64>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.read;
        self.read += 1;
        (group < self.reader.num_row_groups()).then(|| self.block(group))
    }
}

/// The numbers of a column in one row group, NaN where there is none.
fn numbers(reader: ColumnReader, of: &ColumnDescriptor, rows: usize) -> Result<Vec<f64>> {
    let is_unsigned = matches!(
        of.converted_type(),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
    );
    let most = of.max_def_level();
    match reader {
        ColumnReader::BoolColumnReader(reader) => {
            all(reader, most, rows, |&value| f64::from(u8::from(value)))
        }
        ColumnReader::Int32ColumnReader(reader) if is_unsigned => {
            all(reader, most, rows, |&value| f64::from(value.cast_unsigned()))
        }
        ColumnReader::Int32ColumnReader(reader) => all(reader, most, rows, |&value| f64::from(value)),
        ColumnReader::Int64ColumnReader(reader) if is_unsigned => {
            all(reader, most, rows, |&value| value.cast_unsigned() as f64)
        }
        ColumnReader::Int64ColumnReader(reader) => all(reader, most, rows, |&value| value as f64),
        ColumnReader::FloatColumnReader(reader) => all(reader, most, rows, |&value| f64::from(value)),
        ColumnReader::DoubleColumnReader(reader) => all(reader, most, rows, |&value| value),
        _ => Ok(vec![f64::NAN; rows]),
    }
}

fn all<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    most: i16,
    rows: usize,
    number: impl Fn(&T::T) -> f64,
) -> Result<Vec<f64>> {
    let (mut levels, mut values, mut read) = (Vec::new(), Vec::new(), 0);
    while read < rows {
        let (records, ..) = reader.read_records(rows - read, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    let mut values = values.iter().map(number);
    let present = |level: &i16| *level == most;
    let mut numbers: Vec<f64> = match most {
        // Where every row has a value, none says so.
        0 => values.collect(),
        _ => levels
            .iter()
            .map(|level| if present(level) { values.next().unwrap_or(f64::NAN) } else { f64::NAN })
            .collect(),
    };
    numbers.resize(rows, f64::NAN);
    Ok(numbers)
}
