//! `em_statistics` against the engine on the same rows.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Float64Type;
use datafusion::common::Result;
use datafusion::prelude::SessionContext;
use executable_em::bernoulli_mixture::BernoulliMixture;
use executable_em::data;
use executable_em::gaussian_mixture::{CovarianceFamily, GaussianMixture, random_start};
use executable_em::incomplete::student::StudentMixture;
use executable_em_engine::{Data, Engine, KMeans, Mixture, Question};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use std::fmt::Write;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

const EPS: f64 = f64::EPSILON;

fn runtime(threads: usize) -> Runtime {
    Builder::new_multi_thread()
        .enable_all()
        .worker_threads(threads)
        .thread_stack_size(1 << 25)
        .build()
        .unwrap()
}

fn context() -> SessionContext {
    let mut context = SessionContext::new_with_config(executable_em_sql::config()).enable_url_table();
    executable_em_sql::register(&mut context).unwrap();
    context
}

fn write_csv(path: &Path, x: &DMatrix<f64>) {
    let mut text = (1..=x.ncols()).map(|a| format!("x{a}")).collect::<Vec<_>>().join(",") + "\n";
    for row in x.row_iter() {
        writeln!(text, "{}", row.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(","))
            .unwrap();
    }
    std::fs::write(path, text).unwrap();
}

async fn sums(context: &SessionContext, question: &str, from: &str, d: usize) -> Result<Vec<f64>> {
    let columns = (1..=d).map(|a| format!("x{a}")).collect::<Vec<_>>().join(", ");
    let frame = context.sql(&format!("SELECT em_statistics($model, {columns}) FROM {from}")).await?;
    let batches = frame.with_param_values(vec![("model", question.into())])?.collect().await?;
    Ok(batches[0].column(0).as_list::<i32>().value(0).as_primitive::<Float64Type>().values().to_vec())
}

/// Data, and every kind of model for them; the coins for others.
fn cases(n: usize) -> Vec<(DMatrix<f64>, Question)> {
    let (blobs, _) = data::blobs();
    let x =
        DMatrix::from_fn(n, 2, |i, a| blobs[(i % blobs.nrows(), a)] + 1e-3 * ((i * (a + 3)) as f64).sin());
    let mut rng = data::rng(7);
    let mut gaussian = |family| random_start(&x, 3, family, &mut rng).unwrap();
    let of = |model| Question::Mixture { model, about: None };
    let full = gaussian(CovarianceFamily::Full);
    let about = full.means().add_scalar(0.5).transpose().as_slice().to_vec();
    let student = StudentMixture::new(full.clone(), DVector::from_element(3, 4.0)).unwrap();
    let mut cases = vec![
        (x.clone(), Question::Mixture { model: Mixture::Gaussian(full.clone()), about: Some(about) }),
        (x.clone(), of(Mixture::Student(student))),
        (x.clone(), Question::Clusters(KMeans::new(full.means().clone()).unwrap())),
    ];
    cases.extend(CovarianceFamily::ALL.map(|family| (x.clone(), of(Mixture::Gaussian(gaussian(family))))));
    let heads = DMatrix::from_fn(n, 2, |i, a| ((i * (3 + a)) % 6) as f64);
    let coins = BernoulliMixture::new(dvector![0.3, 0.7], dmatrix![0.2, 0.6; 0.7, 0.5], 5).unwrap();
    cases.push((heads, of(Mixture::Bernoulli(coins))));
    cases
}

/// Of n terms of one sum, added in two orders, each result is off by less than n ε Σ|t|; a term itself is computed in
/// both by the same kernel, on other lanes, to some 50 ε of its largest factor. Every term is r ≤ 1 times a power of at
/// most two of what `scale` bounds, so Σ|t| ≤ n scale² for all of them.
fn bound(n: usize, scale: f64) -> f64 {
    2.0 * (n as f64 + 50.0) * EPS * n as f64 * scale * scale
}

#[test]
fn the_aggregate_sums_what_the_engine_sums() {
    let folder = tempfile::tempdir().unwrap();
    let (n, runtime, engine) = (5000, runtime(2), Engine::new(1).unwrap());
    let mut compared = 0;
    for (at, (x, question)) in cases(n).into_iter().enumerate() {
        let path = folder.path().join(format!("{at}.csv"));
        write_csv(&path, &x);
        let expected = question.sums(&engine, &Data::new(&x).unwrap()).unwrap();
        let from = format!("'{}'", path.display());
        let found = runtime.block_on(sums(&context(), &question.to_json(), &from, 2)).unwrap();
        let expected = [vec![expected.log_likelihood, expected.total], expected.expectation].concat();
        assert_eq!(found.len(), expected.len());
        // All data, means and log densities of these cases lie within 20 of each other.
        let allowed = bound(n, 20.0);
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() <= allowed, "{question:?}: {found} {expected}");
            compared += 1;
        }
        assert!(allowed < 1e-4 * n as f64);
    }
    assert!(compared > 150);
}

#[test]
fn the_bits_are_the_same_on_any_number_of_threads_and_for_files_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let (x, question) = cases(60_000).remove(0);
    // Nine files, large enough that scans cut them.
    for part in 0..9 {
        let rows = x.rows(part * 6000, 6000 + 500 * part.min(12)).into_owned();
        write_csv(&folder.path().join(format!("{}.csv", (part * 5) % 9)), &rows);
    }
    let from = format!("'{}/*.csv' WHERE x1 > {:?}", folder.path().display(), x.column(0).mean());
    let of = |threads| runtime(threads).block_on(sums(&context(), &question.to_json(), &from, 2)).unwrap();
    let alone = of(1);
    assert!(alone[1] > 10_000.0 && alone[1] < 60_000.0, "{}", alone[1]);
    for threads in [2, 7, 2, 7, 3] {
        assert_eq!(of(threads), alone);
    }
}

#[test]
fn a_group_has_its_own_sums() {
    let folder = tempfile::tempdir().unwrap();
    let (x, question) = cases(4000).remove(0);
    let path = folder.path().join("x.csv");
    write_csv(&path, &x);
    let (runtime, context, from) = (runtime(2), context(), format!("'{}'", path.display()));
    let whole = runtime.block_on(sums(&context, &question.to_json(), &from, 2)).unwrap();
    let sql =
        format!("SELECT em_statistics($model, x1, x2) FROM {from} GROUP BY x1 > {:?}", x.column(0).mean());
    let groups = runtime.block_on(async {
        let frame = context.sql(&sql).await.unwrap();
        frame.with_param_values(vec![("model", question.to_json().into())]).unwrap().collect().await.unwrap()
    });
    let of_groups: Vec<Vec<f64>> = groups
        .iter()
        .flat_map(|batch| batch.column(0).as_list::<i32>().iter().flatten())
        .map(|list| list.as_primitive::<Float64Type>().values().to_vec())
        .collect();
    let [one, other] = &of_groups[..] else { panic!("{} groups", of_groups.len()) };
    assert!(one[1].min(other[1]) > 500.0 && one[1] + other[1] == 4000.0, "{} {}", one[1], other[1]);
    for ((one, other), whole) in one.iter().zip(other).zip(&whole) {
        assert!((one + other - whole).abs() <= bound(4000, 20.0));
    }
}

/// The labels of `em_predict`, where no two components are as likely.
#[test]
fn predicted_labels_are_those_of_the_largest_responsibility() {
    let folder = tempfile::tempdir().unwrap();
    let (x, question) = cases(1000).remove(0);
    let Question::Mixture { model: Mixture::Gaussian(model), .. } = &question else { panic!("Gaussians") };
    write_csv(&folder.path().join("x.csv"), &x);
    let sql = format!("SELECT x1, x2, em_predict($model, x1, x2) FROM '{}/x.csv'", folder.path().display());
    let model_json =
        serde_json::from_str::<serde_json::Value>(&question.to_json()).unwrap()["model"].to_string();
    let batches = runtime(2).block_on(async {
        let frame = context().sql(&sql).await.unwrap();
        frame.with_param_values(vec![("model", model_json.into())]).unwrap().collect().await.unwrap()
    });
    let mut seen = 0;
    for batch in &batches {
        let column = |a: usize| batch.column(a).as_primitive::<Float64Type>().values().to_vec();
        let (x1, x2) = (column(0), column(1));
        let labels = batch.column(2).as_primitive::<datafusion::arrow::datatypes::Int64Type>();
        for i in 0..batch.num_rows() {
            let r = GaussianMixture::responsibilities(model, &dmatrix![x1[i], x2[i]]).unwrap();
            assert_eq!(labels.value(i) - 1, r.row(0).transpose().argmax().0 as i64);
            seen += 1;
        }
    }
    assert_eq!(seen, 1000);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (x, question) = cases(10).remove(0);
    write_csv(&folder.path().join("x.csv"), &x);
    let (json, runtime, context) = (question.to_json(), runtime(1), context());
    let other_version = |json: &str| {
        format!(
            "{{\"version\": \"0.0.9\", \"question\": {json}, \"are_weighted\": false, \"has_gaps\": false}}"
        )
    };
    let table = format!("'{}/x.csv'", folder.path().display());
    for (model, call, reason) in [
        (json.clone(), "em_statistics($model, x1)", "the model has 2 columns, the query 1"),
        (json.clone(), "em_statistics($model)", "behind the model it wants columns"),
        (json.clone(), "em_statistics($model, x1, 'a')", "column 2 is Utf8, not numbers"),
        (
            json.clone(),
            "em_statistics(x1, x1, x2)",
            "its first argument is the model, as a text in JSON, not Float64",
        ),
        (json.clone(), "em_statistics(concat($model, x1), x1, x2)", "is the model, as one text in JSON"),
        (json.clone(), "em_statistics($model, x1, NULL)", "data: entry (0, 1) is NaN"),
        ("{}".to_owned(), "em_statistics($model, x1, x2)", "a question has a model"),
        ("no".to_owned(), "em_predict($model, x1, x2)", "document: expected"),
        (other_version(&json), "em_statistics($model, x1, x2)", "cannot answer version 0.0.9"),
    ] {
        let answer: Result<_> = runtime.block_on(async {
            let frame = context.sql(&format!("SELECT {call} FROM {table} WHERE $model <> ''")).await?;
            frame.with_param_values(vec![("model", model.into())])?.collect().await
        });
        let error = answer.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(reason), "{call}: {error}");
    }
}
