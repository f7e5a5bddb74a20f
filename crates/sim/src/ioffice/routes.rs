//! Which handler answers which method and path. One row per published call; rows that rest on an assumption say so.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    call::Call,
    categories, centers, moves, neighborhoods,
    places::{buildings, floors, room_types, rooms},
    records,
    reservations::calls as bookings,
    rules,
    users::{calls as users, permissions, quicksearch, types},
    visitors,
    wire::Outcome,
};

pub(crate) type Handler = fn(&mut Call<'_>) -> Outcome;

/// Where a call is attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// [D], [Dh], [C] or [L].
    Published,
    /// Only an assumption of ours.
    Assumed,
}

pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// Segments; `{}` is a hole.
    pub(crate) pattern: &'static str,
    pub(crate) handler: Handler,
    pub(crate) evidence: Evidence,
}

impl Route {
    pub(crate) fn is_count(&self) -> bool {
        self.pattern.ends_with("/count")
    }
}

const fn row(method: &'static str, pattern: &'static str, handler: Handler) -> Route {
    Route { method, pattern, handler, evidence: Evidence::Published }
}
const fn assumed(method: &'static str, pattern: &'static str, handler: Handler) -> Route {
    Route { method, pattern, handler, evidence: Evidence::Assumed }
}
const fn get(pattern: &'static str, handler: Handler) -> Route {
    row("GET", pattern, handler)
}
const fn post(pattern: &'static str, handler: Handler) -> Route {
    row("POST", pattern, handler)
}
const fn put(pattern: &'static str, handler: Handler) -> Route {
    row("PUT", pattern, handler)
}
const fn delete(pattern: &'static str, handler: Handler) -> Route {
    row("DELETE", pattern, handler)
}

/// Literal segments come before holes at the same place.
static ROUTES: &[Route] = &[
    get("users", users::list),
    post("users", users::create),
    get("users/count", users::list),
    get("users/me", users::me),
    get("users/me/reportAuth", users::vendor_token),
    get("users/me/supportAuth", users::vendor_token),
    get("users/username/{}", users::user_name_available),
    post("users/quicksearch", quicksearch::quick_search),
    get("users/types", types::list),
    get("users/types/count", types::list),
    post("users/types", types::create),
    get("users/types/{}", types::get),
    put("users/types/{}", types::update),
    get("users/{}", users::get),
    put("users/{}", users::update),
    delete("users/{}", users::remove),
    get("users/{}/permissions", permissions::get),
    put("users/{}/permissions", permissions::put),
    put("users/{}/resetPassword", users::reset_password),
    post("users/{}/attachAvatar", users::attach_avatar),
    get("fields", types::fields),
    put("fields", types::rename_field),
    get("categories", categories::list),
    get("categories/count", categories::list),
    post("categories", categories::create),
    get("categories/type/{}", categories::list_of_type),
    get("categories/depths", categories::depths),
    get("categories/depths/count", categories::depths),
    get("categories/depth", categories::depths),
    post("categories/depths", categories::create_depth),
    post("categories/depth", categories::create_depth),
    get("categories/depth/{}", categories::depth),
    get("categories/depths/{}", categories::depth),
    put("categories/depths/{}", categories::update_depth),
    put("categories/depth/{}", categories::update_depth),
    delete("categories/depths/{}", categories::remove_depth),
    delete("categories/depth/{}", categories::remove_depth),
    get("categories/items", categories::items),
    get("categories/items/count", categories::items),
    post("categories/items", categories::create_item),
    get("categories/items/users", categories::assigned_users),
    get("categories/items/{}", categories::item),
    put("categories/items/{}", categories::update_item),
    delete("categories/items/{}", categories::remove_item),
    get("categories/items/{}/children", categories::children),
    get("categories/items/{}/users", categories::item_users),
    get("categories/items/{}/rooms", categories::item_rooms),
    get("categories/{}", categories::get),
    put("categories/{}", categories::update),
    delete("categories/{}", categories::remove),
    get("buildings", buildings::list),
    post("buildings", buildings::create),
    get("buildings/count", buildings::list),
    get("buildings/{}", buildings::get),
    put("buildings/{}", buildings::update),
    delete("buildings/{}", buildings::remove),
    get("countries", buildings::countries),
    get("countries/count", buildings::countries),
    post("countries", buildings::country_edit),
    put("countries", buildings::country_edit),
    get("countries/{}", buildings::country),
    put("countries/{}", buildings::country_edit),
    post("countries/{}", buildings::country_edit),
    get("floors", floors::list),
    post("floors", floors::create),
    get("floors/count", floors::list),
    get("floors/{}", floors::get),
    put("floors/{}", floors::update),
    delete("floors/{}", floors::remove),
    get("rooms", rooms::list),
    post("rooms", rooms::create),
    get("rooms/count", rooms::list),
    get("rooms/types", room_types::list),
    post("rooms/types", room_types::create),
    put("rooms/types", room_types::update),
    get("rooms/types/count", room_types::list),
    post("rooms/types/resetSortOrders", room_types::reset_sort_orders),
    get("rooms/types/{}", room_types::get),
    delete("rooms/types/{}", room_types::remove),
    get("rooms/{}", rooms::get),
    put("rooms/{}", rooms::update),
    delete("rooms/{}", rooms::remove),
    get("centers", centers::list),
    get("centers/count", centers::list),
    get("center", centers::list),
    put("centers/promo", centers::put_promo),
    get("centers/holidays", centers::holidays),
    post("centers/holidays", centers::create_holiday),
    put("centers/holidays", centers::update_holiday),
    get("centers/holidays/{}", centers::holiday),
    delete("centers/holidays/{}", centers::remove_holiday),
    put("centers/reservations/rules", rules::put),
    get("centers/{}", centers::get),
    get("neighborhoods", neighborhoods::list),
    get("neighborhoods/count", neighborhoods::list),
    put("neighborhoods", neighborhoods::create),
    post("neighborhoods", neighborhoods::edit),
    get("neighborhoods/sections", neighborhoods::sections),
    get("neighborhoods/sections/count", neighborhoods::sections),
    put("neighborhoods/sections", neighborhoods::create_section),
    post("neighborhoods/sections", neighborhoods::edit_section),
    delete("neighborhoods/sections/{}", neighborhoods::remove_section),
    delete("neighborhoods/{}", neighborhoods::remove),
    get("reservations", bookings::list),
    post("reservations", bookings::create),
    get("reservations/count", bookings::list),
    get("reservations/{}", bookings::get),
    put("reservations/{}", bookings::update),
    delete("reservations/{}", bookings::remove),
    put("reservations/{}/cancel", bookings::cancel),
    put("reservations/{}/checkIn", bookings::check_in),
    put("reservations/{}/checkOut", bookings::check_out),
    assumed("GET", "visitors", visitors::list),
    get("visitors/types/stringIcon", visitors::types),
    post("visitors/types/stringIcon", visitors::create_type),
    put("visitors/types/stringIcon", visitors::update_type),
    post("visitors/registrations/preregister", visitors::preregister),
    post("visitors/registrations/batch/checkin", visitors::batch_check_in),
    post("visitors/registrations/{}/checkin", visitors::check_in),
    assumed("POST", "visitors/registrations/{}/checkout", visitors::check_out),
    get("visitors/{}", visitors::get),
    assumed("PUT", "visitors/{}", visitors::update),
    get("move/requests", moves::list),
    get("move/requests/count", moves::list),
    post("move/requests", moves::create),
    put("move/requests", moves::update),
    get("move/requests/items", moves::items),
    post("move/requests/items", moves::create_item),
    get("move/requests/items/archived", moves::archived_items),
    get("move/requests/items/archived/{}", moves::archived_item),
    get("move/requests/items/{}", moves::item),
    put("move/requests/items/{}", moves::update_item),
    delete("move/requests/items/{}", moves::remove_item),
    get("move/requests/archived", moves::list_archived),
    get("move/requests/archived/{}", moves::get_archived),
    get("move/requests/{}", moves::get),
    delete("move/requests/{}", moves::remove),
    post("move/requests/{}/archive", moves::archive),
    get("move/statuses", moves::statuses),
    get("move/requestTypes", moves::types),
    get("move/tasks", moves::tasks),
    get("contacts", records::contacts),
    post("contacts", records::create_contact),
    get("contacts/{}", records::contact),
    put("contacts/{}", records::update_contact),
    delete("contacts/{}", records::remove_contact),
    get("agreements", records::agreements),
    post("agreements", records::create_agreement),
    get("agreements/{}", records::agreement),
    put("agreements/{}", records::update_agreement),
    delete("agreements/{}", records::remove_agreement),
    get("savedsearches", records::saved_searches),
    get("savedsearches/count", records::saved_searches),
    post("savedsearches", records::create_saved_search),
    get("savedsearches/properties", records::search_properties),
    get("savedsearches/{}", records::saved_search),
    put("savedsearches/{}", records::update_saved_search),
    delete("savedsearches/{}", records::remove_saved_search),
    get("sftp", records::sftp_list),
    post("sftp/create", records::sftp_create),
    get("sftp/enabled", records::sftp_enabled),
    put("sftp/{}/cancel", records::sftp_cancel),
    get("assets", records::assets),
    get("assets/count", records::assets),
    get("assets/{}", records::asset),
    put("assets/{}/verify", records::verify_asset),
];

/// Routes by method and number of segments, in table order.
static BY_LENGTH: LazyLock<HashMap<usize, Vec<&'static Route>>> = LazyLock::new(|| {
    let mut map: HashMap<usize, Vec<&'static Route>> = HashMap::new();
    for route in ROUTES {
        map.entry(route.pattern.split('/').count()).or_default().push(route);
    }
    map
});

/// What a path leads to.
pub(crate) enum Found {
    Route(&'static Route, Vec<String>),
    /// The path exists, the verb does not.
    OtherVerb(&'static str),
    Nothing,
}

pub(crate) fn find(method: &str, segments: &[String]) -> Found {
    let Some(candidates) = BY_LENGTH.get(&segments.len()) else { return Found::Nothing };
    let mut known = None;
    for route in candidates {
        if let Some(args) = matches(route.pattern, segments) {
            if route.method == method {
                return Found::Route(route, args);
            }
            known.get_or_insert(route.pattern);
        }
    }
    known.map_or(Found::Nothing, Found::OtherVerb)
}

fn matches(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let mut args = Vec::new();
    for (part, segment) in pattern.split('/').zip(segments) {
        if part == "{}" {
            args.push(segment.clone());
        } else if part != segment && !(part == "sections" && segment == "Sections") {
            return None;
        }
    }
    Some(args)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        face::{Face, Handled},
        ioffice::{IofficeFace, IofficeSettings},
    };

    #[test]
    fn every_route_is_reachable_and_asks_who_calls() {
        let settings = IofficeSettings { load_limits: false, ..IofficeSettings::default() };
        let mut face = IofficeFace::empty(settings);
        for route in ROUTES {
            let path = route.pattern.replace("{}", "7");
            let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
            let Found::Route(found, _) = find(route.method, &segments) else {
                panic!("{path} leads nowhere")
            };
            assert!(
                std::ptr::eq(found, route),
                "{} {} is hidden by {}",
                route.method,
                route.pattern,
                found.pattern
            );
            let request = http::Request::builder()
                .method(route.method)
                .uri(format!("/external/api/rest/v2/{path}"))
                .body(bytes::Bytes::new())
                .unwrap();
            let Handled::Reply(reply) = face.handle(request, jiff::Timestamp::UNIX_EPOCH) else {
                panic!("no answer")
            };
            assert_eq!(reply.response.status(), 401, "{} {path}", route.method);
        }
    }
}
