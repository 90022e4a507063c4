//! What loading the borders and finding a neighbourhood cost: `cargo run --release -p mbs-shared --example time_place`.

use std::time::{Duration, Instant};

use mbs_shared::place::{Found, Neighbourhoods};

const BORDERS: &str = include_str!("../data/geo/istanbul.topo.json");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let start = Instant::now();
    let borders = Neighbourhoods::from_topojson(BORDERS)?;
    let load = start.elapsed();
    let (mut worst, mut inside) = (Duration::ZERO, 0_u32);
    let all = Instant::now();
    for i in 0..200_u32 {
        for j in 0..200_u32 {
            let (lat, lon) = (40.75 + f64::from(i) * 0.0042, 27.9 + f64::from(j) * 0.0102);
            let start = Instant::now();
            let found = borders.locate(lat, lon);
            worst = worst.max(start.elapsed());
            inside += u32::from(!matches!(found, Found::Outside));
        }
    }
    let mean = all.elapsed() / 40_000;
    println!("load {load:?}; locate: mean {mean:?}, worst {worst:?}, {inside} of 40,000 points inside");
    Ok(())
}
