// SPDX-License-Identifier: Apache-2.0
// Names what is in an image, in Rust: classify MODEL IMAGE
// Build it with: rustc classify.rs -l vitq -L FOLDER_OF_LIBVITQ
use std::ffi::{c_char, c_int, CStr, CString};

#[repr(C)]
struct Image { size: usize, path: *const c_char, bytes: *const u8, byte_count: usize,
               rgb: *const u8, width: i32, height: i32, row_bytes: i64 }
#[repr(C)]
struct Class { id: i64, label: *const c_char, score: f32 }

extern "C" {
    fn vitq_last_error() -> *const c_char;
    fn vitq_model_load(path: *const c_char, options: *const u8, model: *mut u64) -> c_int;
    fn vitq_model_close(model: u64) -> c_int;
    fn vitq_classify(model: u64, image: *const Image, k: i64, result: *mut u64) -> c_int;
    fn vitq_result_classes(result: u64, items: *mut *const Class, count: *mut usize) -> c_int;
    fn vitq_result_free(result: u64) -> c_int;
}

// What the library says is wrong, where the status is not 0.
fn check(status: c_int) -> Result<(), String> {
    if status == 0 { return Ok(()); }
    Err(unsafe { CStr::from_ptr(vitq_last_error()) }.to_string_lossy().into_owned())
}

fn classify(model_path: &str, image_path: &str) -> Result<(), String> {
    let (model_path, image_path) = (CString::new(model_path).unwrap(), CString::new(image_path).unwrap());
    let (mut model, mut result, mut classes, mut count) = (0, 0, std::ptr::null(), 0);
    // All fields but the size may be left 0.
    let mut image: Image = unsafe { std::mem::zeroed() };
    (image.size, image.path) = (std::mem::size_of::<Image>(), image_path.as_ptr());
    unsafe {
        check(vitq_model_load(model_path.as_ptr(), std::ptr::null(), &mut model))?;
        check(vitq_classify(model, &image, 5, &mut result))?;
        check(vitq_result_classes(result, &mut classes, &mut count))?;
        for class in std::slice::from_raw_parts(classes, count) {
            println!("{} {}", class.score, CStr::from_ptr(class.label).to_string_lossy());
        }
        check(vitq_result_free(result))?;
        check(vitq_model_close(model))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.len() != 3 { eprintln!("usage: classify MODEL IMAGE"); std::process::exit(2) }
    if let Err(message) = classify(&arguments[1], &arguments[2]) { eprintln!("{message}"); std::process::exit(1) }
}
