use posthog::tag;

fn main() {
    let tenant = 7;
    tag!("", tenant);
    tag!("  " = tenant);
    tag!("$curent_url", tenant);
    tag!($tenant = tenant);
    tag!("$geoip_country_code", tenant);
    tag!("$process_person", tenant);
    tag!("tenant" = 1, tenant);
}
