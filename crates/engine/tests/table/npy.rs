//! NumPy's arrays: every kind of number in both orders, and headers that do not hold.

use crate::common;
use executable_em_engine::table::{BLOCK_ROWS, Error, NpyReader, Result, assemble};
use nalgebra::{DMatrix, dmatrix};
use proptest::prelude::*;

/// The file of version 1 that `numpy.save` writes.
fn npy(descr: &str, by_columns: bool, shape: &str, numbers: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let order = if by_columns { "True" } else { "False" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes().chain(numbers));
    bytes
}

fn read(bytes: &[u8]) -> Result<DMatrix<f64>> {
    assemble(NpyReader::new(bytes, "array")?)
}

/// `numpy.save("x.npy", numpy.array([[1.5, -2.0], [3e2, 0.25]], order=…).astype(…))`, byte by byte.
#[test]
fn every_kind_of_number_is_read() {
    let (floats, whole) = (dmatrix![1.5, -2.0; 3e2, 0.25], dmatrix![1.0, -2.0; 100.0, 3.0]);
    let rows = |x: &DMatrix<f64>| x.transpose().iter().copied().collect::<Vec<_>>();
    let columns = |x: &DMatrix<f64>| x.iter().copied().collect::<Vec<_>>();
    for by_columns in [false, true] {
        let order = if by_columns { columns } else { rows };
        let floats_in_order = order(&floats);
        for (descr, bytes) in [
            ("<f8", floats_in_order.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>()),
            (">f8", floats_in_order.iter().flat_map(|v| v.to_be_bytes()).collect()),
            ("<f4", floats_in_order.iter().flat_map(|&v| (v as f32).to_le_bytes()).collect()),
            (">f4", floats_in_order.iter().flat_map(|&v| (v as f32).to_be_bytes()).collect()),
        ] {
            assert_eq!(read(&npy(descr, by_columns, "(2, 2)", bytes)).expect(descr), floats, "{descr}");
        }
        let in_order = order(&whole);
        for (descr, bytes) in [
            ("|i1", in_order.iter().flat_map(|&v| (v as i8).to_le_bytes()).collect::<Vec<u8>>()),
            ("<i2", in_order.iter().flat_map(|&v| (v as i16).to_le_bytes()).collect()),
            (">i4", in_order.iter().flat_map(|&v| (v as i32).to_be_bytes()).collect()),
            ("<i8", in_order.iter().flat_map(|&v| (v as i64).to_le_bytes()).collect()),
            (">i8", in_order.iter().flat_map(|&v| (v as i64).to_be_bytes()).collect()),
        ] {
            assert_eq!(read(&npy(descr, by_columns, "(2, 2)", bytes)).expect(descr), whole, "{descr}");
        }
    }
    let most = u64::MAX.to_le_bytes();
    assert_eq!(read(&npy("<u8", false, "(1, 1)", most)).expect("a number"), dmatrix![u64::MAX as f64]);
    assert_eq!(read(&npy("|u1", false, "(2,)", [255, 0])).expect("a column"), dmatrix![255.0; 0.0]);
    assert_eq!(read(&npy("|b1", false, "(1, 2)", [1, 0])).expect("truth values"), dmatrix![1.0, 0.0]);
    // The header of version 2 has a length of four bytes.
    let mut second = npy("<f8", false, "(1,)", 2.5_f64.to_le_bytes());
    second[6] = 2;
    second.splice(10..10, [0, 0]);
    assert_eq!(read(&second).expect("version 2"), dmatrix![2.5]);
}

/// In blocks, as tables are; by columns the same ones.
#[test]
fn an_array_is_read_in_blocks() -> Result<()> {
    let n = BLOCK_ROWS + 3;
    let x = DMatrix::from_fn(n, 2, |i, a| (2 * i + a) as f64);
    let shape = format!("({n}, 2)");
    let rows = npy("<f8", false, &shape, x.transpose().iter().flat_map(|v| v.to_le_bytes()));
    let columns = npy("<f8", true, &shape, x.iter().flat_map(|v| v.to_le_bytes()));
    for bytes in [rows, columns] {
        let blocks = NpyReader::new(bytes.as_slice(), "array")?.collect::<Result<Vec<_>>>()?;
        assert_eq!(blocks.iter().map(DMatrix::nrows).collect::<Vec<_>>(), [BLOCK_ROWS, 3]);
        assert_eq!(assemble(blocks.into_iter().map(Ok))?, x);
    }
    Ok(())
}

/// What is no matrix of numbers is named.
#[test]
fn other_arrays_are_named() {
    let reason = |bytes: &[u8]| match read(bytes) {
        Err(Error::Npy { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let holds = "not floats of 4 or 8 bytes or whole numbers: save it astype(float)";
    for (descr, shown) in
        [("<c16", "'<c16'"), ("|O", "'|O'"), ("<U5", "'<U5'"), ("<f2", "'<f2'"), ("<f16", "'<f16'")]
    {
        assert_eq!(reason(&npy(descr, false, "(1, 1)", [0; 16])), format!("holds {shown}, {holds}"));
    }
    for (shape, shown) in
        [("()", "()"), ("(1, 2, 3)", "(1, 2, 3)"), ("(1, -2)", "(1, -2)"), ("(x, 2)", "(x, 2)")]
    {
        let expected =
            format!("has the shape ({}): reshape it to two dimensions", &shown[1..shown.len() - 1]);
        assert_eq!(reason(&npy("<f8", false, shape, [0; 48])), expected);
    }
    let short = npy("<f8", false, "(3, 2)", [0; 47]);
    assert_eq!(reason(&short), "ends before its 3 rows of 2 numbers do");
    for by_columns in [false, true] {
        let two =
            [npy("<f8", by_columns, "(3, 2)", [0; 48]), npy("<f8", by_columns, "(3, 2)", [0; 48])].concat();
        assert_eq!(reason(&two), "goes on behind its 3 rows of 2 numbers: save each array alone");
    }
    let huge = "(4611686018427387904, 2)";
    assert!(
        reason(&npy("<f8", true, huge, [0; 16])).starts_with("has the shape (4611686018427387904, 2), more")
    );
    // So many rows are not asked of memory before they are there.
    assert!(reason(&npy("<f8", true, "(1000000000000, 2)", [0; 16])).starts_with("ends before"));
    assert!(reason(&npy("<f8", false, "(1, 4294967295)", [0; 16])).contains("more than 1048576 columns"));
    assert_eq!(reason(b"\x93NUMPY\x09\x00\x02\x00{}"), "its header is broken");
    assert_eq!(reason(b"\x93NUMPY\x01\x00\x76"), "its header is broken");
    assert!(matches!(read(&npy("<f8", false, "(0, 2)", [])), Err(Error::Empty { .. })));
}

proptest! {
    #![proptest_config(common::config(400))]

    /// Whatever is wrong with a file is an error.
    #[test]
    fn a_broken_array_never_panics(at in 0..200usize, byte: u8, length in 0..220usize) {
        let mut bytes = npy("<f8", at % 2 == 0, "(3, 2)", (0..48).map(|byte| byte * 5));
        let place = at % bytes.len();
        bytes[place] = byte;
        bytes.truncate(length);
        if let Ok(x) = read(&bytes) {
            prop_assert!(!x.is_empty());
        }
    }
}
