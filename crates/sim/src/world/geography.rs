//! Cities, building names, departments and titles: the fixed vocabulary of generated worlds.

/// A city with what depends on it.
#[derive(Debug)]
pub(super) struct City {
    pub name: &'static str,
    pub country_code: &'static str,
    pub country: &'static str,
    pub locale: &'static str,
    pub timezone: &'static str,
    /// International dialling prefix without `+`.
    pub dial: &'static str,
    pub postal_code: &'static str,
}

const fn city(
    name: &'static str,
    country_code: &'static str,
    country: &'static str,
    locale: &'static str,
    timezone: &'static str,
    dial: &'static str,
    postal_code: &'static str,
) -> City {
    City { name, country_code, country, locale, timezone, dial, postal_code }
}

pub(super) const CITIES: [City; 16] = [
    city("Leeds", "GB", "United Kingdom", "en_GB", "Europe/London", "44", "LS1 4AP"),
    city("Portland", "US", "United States of America (the)", "en_US", "America/New_York", "1", "04101"),
    city("Kraków", "PL", "Poland", "pl_PL", "Europe/Warsaw", "48", "30-001"),
    city("Valencia", "ES", "Spain", "es_ES", "Europe/Madrid", "34", "46001"),
    city("Leipzig", "DE", "Germany", "de_DE", "Europe/Berlin", "49", "04109"),
    city("Pune", "IN", "India", "en_IN", "Asia/Kolkata", "91", "411001"),
    city("Osaka", "JP", "Japan", "ja_JP", "Asia/Tokyo", "81", "530-0001"),
    city("Denver", "US", "United States of America (the)", "en_US", "America/Denver", "1", "80202"),
    city("Göteborg", "SE", "Sweden", "sv_SE", "Europe/Stockholm", "46", "411 03"),
    city("Montréal", "CA", "Canada", "fr_CA", "America/Toronto", "1", "H2X 1Y4"),
    city("Nairobi", "KE", "Kenya", "en_KE", "Africa/Nairobi", "254", "00100"),
    city("São Paulo", "BR", "Brazil", "pt_BR", "America/Sao_Paulo", "55", "01310-100"),
    city("Brno", "CZ", "Czechia", "cs_CZ", "Europe/Prague", "420", "602 00"),
    city("İzmir", "TR", "Türkiye", "tr_TR", "Europe/Istanbul", "90", "35210"),
    city("Auckland", "NZ", "New Zealand", "en_NZ", "Pacific/Auckland", "64", "1010"),
    city("Lyon", "FR", "France", "fr_FR", "Europe/Paris", "33", "69002"),
];

/// Building names and codes; a site with more buildings numbers them (`PIER2`).
pub(super) const BUILDINGS: [(&str, &str, &str); 16] = [
    ("Pier House", "PIER", "4 Quay Street"),
    ("Tannery", "TANN", "19 Mill Lane"),
    ("Observatory", "OBSV", "1 Hill Road"),
    ("Granary", "GRAN", "77 Station Road"),
    ("Copper Yard", "COPR", "12 Foundry Street"),
    ("Lantern Court", "LANT", "3 Market Place"),
    ("North Gate", "NGTE", "250 Ring Road"),
    ("Orchard", "ORCH", "8 Garden Walk"),
    ("Signal Box", "SIGN", "31 Rail Terrace"),
    ("Weavers Hall", "WEAV", "56 Loom Street"),
    ("Salt Store", "SALT", "2 Harbour View"),
    ("Paper Mill", "PAPR", "140 River Bank"),
    ("Clock House", "CLCK", "11 Tower Square"),
    ("Rope Walk", "ROPE", "9 Long Lane"),
    ("Glassworks", "GLAS", "63 Kiln Close"),
    ("Cedar Point", "CEDR", "5 Forest Avenue"),
];

/// A department: name, cost center, division, share of the people, titles from junior to head.
#[derive(Debug)]
pub(super) struct Department {
    pub name: &'static str,
    pub cost_center: &'static str,
    pub division: &'static str,
    pub weight: u32,
    pub titles: [&'static str; 5],
}

const fn department(
    name: &'static str,
    cost_center: &'static str,
    division: &'static str,
    weight: u32,
    titles: [&'static str; 5],
) -> Department {
    Department { name, cost_center, division, weight, titles }
}

/// The first one is the executives' and gets a fixed small share.
pub(super) const DEPARTMENTS: [Department; 14] = [
    department(
        "Executive Office",
        "CC-100",
        "Corporate",
        1,
        ["Assistant", "Chief of Staff", "Vice President", "Chief Officer", "Chief Executive"],
    ),
    department(
        "Facilities",
        "CC-210",
        "Corporate",
        5,
        ["Coordinator", "Technician", "Specialist", "Site Lead", "Head of Facilities"],
    ),
    department(
        "Finance",
        "CC-220",
        "Corporate",
        7,
        ["Clerk", "Analyst", "Accountant", "Controller", "Head of Finance"],
    ),
    department(
        "People",
        "CC-230",
        "Corporate",
        5,
        ["Assistant", "Recruiter", "Partner", "Senior Partner", "Head of People"],
    ),
    department(
        "Legal",
        "CC-240",
        "Corporate",
        2,
        ["Paralegal", "Counsel", "Senior Counsel", "Principal Counsel", "General Counsel"],
    ),
    department(
        "IT",
        "CC-250",
        "Corporate",
        6,
        ["Support Agent", "Administrator", "Engineer", "Architect", "Head of IT"],
    ),
    department(
        "Platform Engineering",
        "CC-310",
        "Engineering",
        16,
        ["Junior Engineer", "Engineer", "Senior Engineer", "Staff Engineer", "Director"],
    ),
    department(
        "Product Engineering",
        "CC-320",
        "Engineering",
        18,
        ["Junior Engineer", "Engineer", "Senior Engineer", "Staff Engineer", "Director"],
    ),
    department(
        "Research",
        "CC-330",
        "Engineering",
        6,
        ["Intern Researcher", "Researcher", "Senior Researcher", "Principal", "Director"],
    ),
    department(
        "Design",
        "CC-340",
        "Engineering",
        4,
        ["Junior Designer", "Designer", "Senior Designer", "Design Lead", "Head of Design"],
    ),
    department(
        "Sales",
        "CC-410",
        "Market",
        13,
        ["Representative", "Account Executive", "Senior Executive", "Regional Lead", "Head of Sales"],
    ),
    department(
        "Marketing",
        "CC-420",
        "Market",
        5,
        ["Assistant", "Specialist", "Manager", "Senior Manager", "Head of Marketing"],
    ),
    department(
        "Customer Care",
        "CC-430",
        "Market",
        9,
        ["Agent", "Senior Agent", "Team Lead", "Manager", "Head of Care"],
    ),
    department(
        "R&D Ops",
        "CC-350",
        "Engineering",
        3,
        ["Operator", "Planner", "Specialist", "Lead", "Head of Operations"],
    ),
];

/// Orgs and sites by index: name and DNS label.
pub(super) const NAMES: [(&str, &str); 8] = [
    ("Northgate", "northgate"),
    ("Harborlight", "harborlight"),
    ("Kestrel Works", "kestrel-works"),
    ("Bluefern", "bluefern"),
    ("Ostrava Mills", "ostrava-mills"),
    ("Lindenhall", "lindenhall"),
    ("Marigold", "marigold"),
    ("Cobalt Quay", "cobalt-quay"),
];

/// Names of conference rooms; they repeat across buildings, as in real sites.
pub(super) const CONFERENCE: [&str; 12] = [
    "Lighthouse",
    "Harbour",
    "Compass",
    "Anchor",
    "Atlas",
    "Juniper",
    "Magnolia",
    "Aurora",
    "Meridian",
    "Quarry",
    "Saffron",
    "Tundra",
];

/// People per building that a site is planned for.
const PEOPLE_PER_BUILDING: u32 = 400;

/// How many buildings a site for `people` has.
pub(super) fn building_count(people: u32) -> u32 {
    people.div_ceil(PEOPLE_PER_BUILDING).clamp(2, 240)
}

/// The city of building `building` in site `site`.
pub(super) fn city_of(site: u16, building: u32) -> &'static City {
    &CITIES[(usize::from(site) * 5 + building as usize) % CITIES.len()]
}

/// Name, code and street of building `building` in site `site`. Codes are unique over all sites.
pub(super) fn building_of(site: u16, building: u32) -> (String, String, &'static str) {
    let (name, code, street) = BUILDINGS[(usize::from(site) * 5 + building as usize) % BUILDINGS.len()];
    let round = building as usize / BUILDINGS.len() + 1;
    let number = if round == 1 { String::new() } else { format!("{round}") };
    let spaced = if round == 1 { String::new() } else { format!(" {round}") };
    let prefix = match site {
        0 => String::new(),
        _ => format!("{}-", &NAMES[usize::from(site) % NAMES.len()].0[..1]),
    };
    (format!("{name}{spaced}"), format!("{prefix}{code}{number}"), street)
}
