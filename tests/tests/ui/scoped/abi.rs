use posthog::scoped;

#[scoped]
extern "C" fn of_c() {}

#[scoped]
unsafe extern "system" fn of_the_system() {}

#[unsafe(no_mangle)]
#[scoped]
pub unsafe extern fn of_c_by_default() {}

#[scoped]
const unsafe fn constant() -> u32 {
    1
}

unsafe extern "C" {
    #[scoped]
    fn foreign();
}

fn main() {
    of_c();
    unsafe {
        of_the_system();
        of_c_by_default();
        foreign();
    }
    let _ = unsafe { constant() };
}
