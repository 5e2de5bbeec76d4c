//! The Rust readers, as one process: the crates `csv` (its fastest interface, a reused ByteRecord) and `simd-csv`.
//!
//!     rust_worker PEER WORK THREADS INPUT OUTPUT NULL NAME=TYPE ...
//!
//! Speaks the protocol of ../README.md. WORK is `fields` or `bytes`; the file lies in memory before the clock starts.

use std::io::{self, BufRead, Write};

/// Every field is seen: counted, its length added, its first byte mixed in; `bytes` adds up every byte too.
#[derive(Default)]
struct Seen {
    rows: u64,
    fields: u64,
    bytes: u64,
    first: u8,
    sum: u64,
}

impl Seen {
    #[inline(always)]
    fn field<const EVERY_BYTE: bool>(&mut self, field: &[u8]) {
        self.fields += 1;
        self.bytes += field.len() as u64;
        if let Some(byte) = field.first() {
            self.first ^= *byte;
        }
        if EVERY_BYTE {
            self.sum += field.iter().map(|byte| u64::from(*byte)).sum::<u64>();
        }
    }
}

fn csv_crate<const EVERY_BYTE: bool>(data: &[u8]) -> Result<Seen, Box<dyn std::error::Error>> {
    let mut seen = Seen::default();
    let mut reader = csv::ReaderBuilder::new().from_reader(data);
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        seen.rows += 1;
        record.iter().for_each(|field| seen.field::<EVERY_BYTE>(field));
    }
    Ok(seen)
}

fn simd_csv_crate<const EVERY_BYTE: bool>(data: &[u8]) -> Result<Seen, Box<dyn std::error::Error>> {
    let mut seen = Seen::default();
    let mut reader = simd_csv::Reader::from_reader(data);
    let mut record = simd_csv::ByteRecord::new();
    while reader.read_byte_record(&mut record)? {
        seen.rows += 1;
        record.iter().for_each(|field| seen.field::<EVERY_BYTE>(field));
    }
    Ok(seen)
}

fn once(peer: &str, work: &str, data: &[u8]) -> Result<Seen, Box<dyn std::error::Error>> {
    match (peer, work) {
        ("rust_csv", "fields") => csv_crate::<false>(data),
        ("rust_csv", "bytes") => csv_crate::<true>(data),
        ("simd_csv", "fields") => simd_csv_crate::<false>(data),
        ("simd_csv", "bytes") => simd_csv_crate::<true>(data),
        _ => Err(format!("no such work: {peer} {work}").into()),
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}

fn cpu() -> (f64, f64) {
    // SAFETY: getrusage fills the structure it is given.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    (seconds(usage.ru_utime), seconds(usage.ru_stime))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let data = std::fs::read(&arguments[4])?;
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let check = line? == "check";
        let (before, start) = (cpu(), std::time::Instant::now());
        let seen = once(&arguments[1], &arguments[2], &data)?;
        let (wall, after) = (start.elapsed().as_secs_f64(), cpu());
        if check {
            let Seen { rows, fields, bytes, first, sum } = seen;
            writeln!(out, r#"{{"rows": {rows}, "fields": {fields}, "bytes": {bytes}, "first": {first}, "sum": {sum}}}"#)?;
        } else {
            let (user, system) = (after.0 - before.0, after.1 - before.1);
            let rows = seen.rows; // printed so that the work cannot be left out
            writeln!(out, r#"{{"wall": {wall}, "user": {user}, "system": {system}, "rows": {rows}}}"#)?;
        }
        out.flush()?;
    }
    Ok(())
}
