//! The kinds of record a site holds, and what each simple one is made of. Users and reservations have their own
//! types; everything else is a [`Doc`](super::doc::Doc) described by a [`Schema`] here.

use std::sync::LazyLock;

use super::selector::Selector;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Noun {
    Building,
    Floor,
    Room,
    RoomType,
    SpaceGroup,
    Center,
    Category,
    Depth,
    Item,
    Neighborhood,
    Section,
    Holiday,
    UserType,
    FieldDef,
    MailStop,
    MoveRequest,
    MoveItem,
    MoveStatus,
    MoveType,
    MoveTask,
    SavedSearch,
    Contact,
    Agreement,
    Sftp,
    Asset,
    Country,
    // The two below are not documents.
    User,
    Reservation,
}

pub(crate) const DOC_NOUNS: usize = Noun::User as usize;

/// What a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Int,
    Flag,
    Ref(Noun),
    Refs(Noun),
    /// JSON kept as sent.
    Any,
}

/// Who may set a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Required,
    Free,
    /// Server-set: sent values are left aside.
    Never,
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) write: Write,
}

#[derive(Debug)]
pub(crate) struct Schema {
    /// The word in error texts and in the journal.
    pub(crate) word: &'static str,
    pub(crate) fields: &'static [Field],
    /// Properties that are computed, not stored; named here so that selectors know them.
    pub(crate) computed: &'static [&'static str],
    /// What a read without a selector shows.
    pub(crate) shown: &'static str,
    /// Unknown properties are stored as sent (contacts, agreements).
    pub(crate) open: bool,
}

impl Schema {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.open || COMMON.contains(&name) || self.field(name).is_some() || self.computed.contains(&name)
    }
}

const COMMON: &[&str] = &["id", "name", "code", "dateCreated", "dateUpdated", "lastUpdatedBy"];

const fn req(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, write: Write::Required }
}
const fn free(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, write: Write::Free }
}
const fn never(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, write: Write::Never }
}

use Kind::{Any, Flag, Int, Number, Ref, Refs, Text};

macro_rules! schema {
    ($word:literal, [$($field:expr),* $(,)?], computed [$($computed:literal),*], shown $shown:literal) => {
        Schema { word: $word, fields: &[$($field),*], computed: &[$($computed),*], shown: $shown, open: false }
    };
}

static BUILDING: Schema = schema!("building", [
    req("name", Text), free("code", Text), free("address", Any), free("metric", Flag), free("parking", Flag),
    free("location", Any), free("agreements", Refs(Noun::Agreement)), free("fields", Any),
    free("costCenters", Refs(Noun::Item)), free("leaseArea", Number), free("revitLink", Text),
], computed ["centers"], shown
     "address,metric,parking,location,agreements,fields,costCenters,leaseArea,revitLink,dateCreated,\
     dateUpdated");

static FLOOR: Schema = schema!("floor", [
    req("name", Text), req("building", Ref(Noun::Building)), free("area", Number), free("interiorGross", Number),
    free("leaseArea", Number), never("drawingAvailable", Flag),
], computed [], shown "building,area,interiorGross,leaseArea,drawingAvailable,dateCreated,dateUpdated");

static ROOM: Schema = schema!("room", [
    req("name", Text), req("floor", Ref(Noun::Floor)), req("type", Ref(Noun::RoomType)), free("description", Text),
    free("longDescription", Text), free("remoteInfo", Text), free("reservable", Flag), free("capacity", Int),
    free("area", Number), free("active", Flag), free("mailStop", Ref(Noun::MailStop)), free("googleData", Any),
    free("costCenters", Refs(Noun::Item)),
], computed ["users", "occupied", "reservableByRules", "nameWithDescription", "anonymousReservations"],
shown "description,longDescription,remoteInfo,reservable,reservableByRules,capacity,area,occupied,\
     mailStop,googleData,type(typeCode,occupiable,parkingSpace,contentFlag,cost,color),\
     floor(building),dateCreated,dateUpdated");

static ROOM_TYPE: Schema = schema!("room type", [
    req("name", Text), req("typeCode", Text), free("hexColor", Text), free("color", Any), req("cost", Number),
    req("contentFlag", Int), free("occupiable", Flag), free("parkingSpace", Flag), req("defaultRoomType", Flag),
    free("sortOrder", Int), req("spaceTypeGroup", Ref(Noun::SpaceGroup)),
], computed ["rules"],
shown "typeCode,hexColor,color,cost,contentFlag,occupiable,parkingSpace,defaultRoomType,sortOrder,\
     spaceTypeGroup(hexColor),dateCreated,dateUpdated");

static SPACE_GROUP: Schema = schema!("space type group", [req("name", Text), free("hexColor", Text)],
    computed ["roomTypes"], shown "hexColor,roomTypes");

static CENTER: Schema = schema!("center", [
    req("name", Text), never("module", Text), never("buildings", Refs(Noun::Building)), never("promoContent", Text),
], computed ["rules"], shown "");

static CATEGORY: Schema = schema!("category", [
    req("name", Text), free("code", Text), free("color", Any), free("categoryType", Any),
], computed ["depths", "itemCount"], shown "color,categoryType,dateCreated,dateUpdated");

static DEPTH: Schema = schema!("category depth", [
    req("name", Text), free("code", Text), req("level", Int), req("category", Ref(Noun::Category)),
], computed [], shown "level,category,dateCreated,dateUpdated");

static ITEM: Schema = schema!("category item", [
    req("name", Text), free("code", Text), free("depth", Ref(Noun::Depth)), req("category", Ref(Noun::Category)),
    free("costCenterParent", Ref(Noun::Item)), free("color", Any), free("hexColor", Text),
], computed ["parents", "parent", "childCount"],
shown "depth(level),category(color),costCenterParent,color,hexColor,dateCreated,dateUpdated");

static NEIGHBORHOOD: Schema = schema!("neighborhood", [
    req("name", Text), free("code", Text), req("center", Ref(Noun::Center)), free("owner", Ref(Noun::User)),
    free("description", Text), free("color", Any), free("borderColor", Any), free("borderWeight", Number),
    free("borderOpacity", Number), free("fillOpacity", Number), free("effectiveStartDate", Int),
], computed ["rules"],
shown "center,owner,description,color,borderColor,borderWeight,borderOpacity,fillOpacity,\
     effectiveStartDate,dateCreated,dateUpdated");

static SECTION: Schema = schema!("neighborhood section", [
    req("name", Text), req("neighborhood", Ref(Noun::Neighborhood)), req("floor", Ref(Noun::Floor)),
    free("rooms", Refs(Noun::Room)), free("coordinates", Text), free("color", Any), free("borderColor", Any),
], computed ["allUsers"],
shown "neighborhood,floor(building),rooms,allUsers,coordinates,color,borderColor,dateCreated,dateUpdated");

static HOLIDAY: Schema = schema!("holiday calendar", [req("name", Text), free("holidayItems", Any)], computed [], shown "holidayItems(date)");

static USER_TYPE: Schema = schema!("user type", [req("name", Text), free("fields", Any), free("active", Flag)],
    computed [], shown "dateCreated,dateUpdated,fields(required,sortOrder,baseField)");

static FIELD_DEF: Schema = schema!("field", [
    req("name", Text), never("code", Text), never("dataType", Text), never("displayType", Text),
    never("length", Int), never("required", Flag), never("dynamic", Flag), never("options", Text),
    never("validationAlert", Text), never("mappingCode", Text),
], computed [], shown "dataType,displayType,length,required,dynamic,options,validationAlert");

static MAIL_STOP: Schema = schema!("mail stop", [req("name", Text)], computed [], shown "");

static MOVE_REQUEST: Schema = schema!("move request", [
    req("description", Text), req("status", Ref(Noun::MoveStatus)), free("date", Int),
    never("requester", Ref(Noun::User)), never("enteredBy", Ref(Noun::User)), free("approved", Flag),
    free("approvedBy", Ref(Noun::User)), free("comments", Any), free("center", Ref(Noun::Center)), free("cost", Any),
    free("additionalMoveCost", Number), never("attachments", Any), never("completed", Flag),
    free("maintenanceRequestId", Int),
], computed ["items"],
shown "description,status(locked),date,requester,enteredBy,approved,approvedBy,comments(content),\
     items(type,user,asset,fromRoom,toRoom,toRoomAvailable),center,cost,additionalMoveCost,\
     attachments,completed,dateCreated,dateUpdated,lastUpdatedBy");

static MOVE_ITEM: Schema = schema!("move item", [
    req("request", Ref(Noun::MoveRequest)), req("type", Ref(Noun::MoveType)), free("user", Ref(Noun::User)),
    free("asset", Ref(Noun::Asset)), free("toRoom", Ref(Noun::Room)), never("fromRoom", Ref(Noun::Room)),
    never("name", Text), never("itemType", Text), free("tasksValueMap", Any),
], computed ["toRoomAvailable"],
shown "request,type(typeCode),user,asset,fromRoom,toRoom,toRoomAvailable,itemType,tasksValueMap,\
     dateCreated,dateUpdated");

static MOVE_STATUS: Schema = schema!("move status", [req("name", Text), never("code", Text), never("locked", Flag)], computed [], shown "locked");

static MOVE_TYPE: Schema = schema!("move request type", [req("name", Text), never("typeCode", Text), never("fields", Any)], computed [], shown "typeCode,fields");

static MOVE_TASK: Schema =
    schema!("move task", [req("name", Text), never("fields", Any)], computed [], shown "fields");

static SAVED_SEARCH: Schema = schema!("saved search", [
    req("name", Text), req("availability", Text), never("itemClass", Any), free("sortOrder", Any),
    free("filters", Any), never("matchingType", Text), never("searchType", Text),
], computed ["itemClassName"], shown
     "availability,itemClass,sortOrder,filters(propertyPath,qualifier,valueString,property),\
     matchingType,dateUpdated");

static CONTACT: Schema =
    Schema { word: "contact", fields: &[], computed: &[], shown: "dateCreated,dateUpdated", open: true };

static AGREEMENT: Schema = Schema {
    word: "agreement",
    fields: &[req("type", Any)],
    computed: &[],
    shown: "type,dateCreated,dateUpdated",
    open: true,
};

static SFTP: Schema = schema!("SFTP invitation", [
    req("recipientName", Text), req("recipientEmail", Text), free("passwordResetAllowed", Flag),
    free("sshKeyAllowed", Flag), never("passwordResetRedeemed", Int), never("sshKeyRedeemed", Int),
    never("expired", Flag), never("cancelled", Flag), never("enteredBy", Ref(Noun::User)),
], computed [],
shown "recipientName,recipientEmail,passwordResetAllowed,sshKeyAllowed,passwordResetRedeemed,\
     sshKeyRedeemed,expired,cancelled,enteredBy,dateCreated");

static ASSET: Schema = schema!("asset", [
    req("name", Text), free("owner", Ref(Noun::User)), free("room", Ref(Noun::Room)),
], computed [], shown "owner,room,dateCreated,dateUpdated");

static COUNTRY: Schema = schema!("country", [
    req("name", Text), free("alpha2Code", Text), free("isoCode", Text), free("subdivisionCategoryName", Text),
    free("defaultSelected", Flag),
], computed [], shown "alpha2Code,isoCode,subdivisionCategoryName,defaultSelected");

/// Texts of a user, in the order that reads show them. A user stores each as its place in this list.
pub(crate) const USER_TEXTS: &[&str] = &[
    "firstName",
    "lastName",
    "knownAs",
    "middleName",
    "userName",
    "email",
    "employeeId",
    "jobTitle",
    "department",
    "company",
    "phone",
    "extension",
    "mobile",
    "fax",
    "address",
    "city",
    "state",
    "postalCode",
    "assistantName",
    "comments",
    "alternateDelivery",
    "custom01",
    "custom02",
    "custom03",
    "custom04",
    "custom05",
    "custom06",
    "custom07",
    "custom08",
    "custom09",
    "custom10",
    "custom11",
    "custom12",
    "custom13",
    "custom14",
    "custom15",
    "custom16",
    "custom17",
    "custom18",
    "custom19",
    "custom20",
    "custom21",
    "custom22",
    "custom23",
    "custom24",
    "custom25",
    "custom26",
    "custom27",
    "custom28",
    "custom29",
    "custom30",
];

static USER: Schema = Schema {
    word: "user",
    fields: &[],
    computed: &[
        "floorWarden",
        "specialNeeds",
        "userType",
        "room",
        "seatClassification",
        "neighborhoodSection",
        "mailStop",
        "costCenter",
        "costCenters",
        "costCenter1",
        "costCenter2",
        "costCenter3",
        "costCenter4",
        "costCenter5",
        "costCenter6",
        "image",
        "permissions",
        "siteAdmin",
        "color",
        "passwordResetAttemptsRemaining",
        "passwordResetEmailSentAt",
    ],
    shown: "", // See USER_SHOWN: the text fields come from the list above.
    open: false,
};

static RESERVATION: Schema = schema!("reservation", [], computed [
    "startDate", "endDate", "allDay", "user", "room", "center", "notes", "numberOfPeople", "guests", "checkedIn",
    "checkedOut", "checkedInDate", "cancelled", "cancellationReason", "madeInIoffice"
], shown "startDate,endDate,allDay,numberOfPeople,notes,checkedIn,checkedOut,checkedInDate,cancelled,\
     cancellationReason,madeInIoffice,user,center,room(floor),dateCreated,dateUpdated");

impl Noun {
    pub(crate) const ALL: [Self; DOC_NOUNS + 2] = [
        Self::Building,
        Self::Floor,
        Self::Room,
        Self::RoomType,
        Self::SpaceGroup,
        Self::Center,
        Self::Category,
        Self::Depth,
        Self::Item,
        Self::Neighborhood,
        Self::Section,
        Self::Holiday,
        Self::UserType,
        Self::FieldDef,
        Self::MailStop,
        Self::MoveRequest,
        Self::MoveItem,
        Self::MoveStatus,
        Self::MoveType,
        Self::MoveTask,
        Self::SavedSearch,
        Self::Contact,
        Self::Agreement,
        Self::Sftp,
        Self::Asset,
        Self::Country,
        Self::User,
        Self::Reservation,
    ];

    pub(crate) fn schema(self) -> &'static Schema {
        match self {
            Self::Building => &BUILDING,
            Self::Floor => &FLOOR,
            Self::Room => &ROOM,
            Self::RoomType => &ROOM_TYPE,
            Self::SpaceGroup => &SPACE_GROUP,
            Self::Center => &CENTER,
            Self::Category => &CATEGORY,
            Self::Depth => &DEPTH,
            Self::Item => &ITEM,
            Self::Neighborhood => &NEIGHBORHOOD,
            Self::Section => &SECTION,
            Self::Holiday => &HOLIDAY,
            Self::UserType => &USER_TYPE,
            Self::FieldDef => &FIELD_DEF,
            Self::MailStop => &MAIL_STOP,
            Self::MoveRequest => &MOVE_REQUEST,
            Self::MoveItem => &MOVE_ITEM,
            Self::MoveStatus => &MOVE_STATUS,
            Self::MoveType => &MOVE_TYPE,
            Self::MoveTask => &MOVE_TASK,
            Self::SavedSearch => &SAVED_SEARCH,
            Self::Contact => &CONTACT,
            Self::Agreement => &AGREEMENT,
            Self::Sftp => &SFTP,
            Self::Asset => &ASSET,
            Self::Country => &COUNTRY,
            Self::User => &USER,
            Self::Reservation => &RESERVATION,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        self.schema().word
    }

    /// Whether a selector may name the property.
    pub(crate) fn knows(self, name: &str) -> bool {
        self.schema().knows(name) || (self == Self::User && (USER_TEXTS.contains(&name) || name == "active"))
    }

    /// The noun behind a reference property, for checking nested selectors.
    pub(crate) fn target(self, name: &str) -> Option<Self> {
        if let Some(field) = self.schema().field(name) {
            return match field.kind {
                Ref(noun) | Refs(noun) => Some(noun),
                _ => None,
            };
        }
        Some(match (self, name) {
            (Self::User, "room") | (Self::Reservation, "room") => Self::Room,
            (Self::User, "userType") => Self::UserType,
            (Self::User, "neighborhoodSection") => Self::Section,
            (Self::User, "costCenter" | "costCenters") | (Self::Item, "parent" | "parents") => Self::Item,
            (Self::Building, "centers") | (Self::Reservation, "center") => Self::Center,
            (Self::Room, "users") | (Self::Section, "allUsers") | (Self::Reservation, "user") => Self::User,
            (_, "lastUpdatedBy") => Self::User,
            (Self::Category, "depths") => Self::Depth,
            (Self::SpaceGroup, "roomTypes") => Self::RoomType,
            (Self::MoveRequest, "items") => Self::MoveItem,
            _ => return None,
        })
    }

    /// What a read without a selector shows.
    pub(crate) fn shown(self) -> &'static Selector {
        &SHOWN[self as usize]
    }

    /// What the journal and the state dump show: every property, references as stubs.
    pub(crate) fn everything(self) -> &'static Selector {
        &EVERYTHING[self as usize]
    }
}

static SHOWN: LazyLock<Vec<Selector>> = LazyLock::new(|| {
    Noun::ALL
        .iter()
        .map(|&noun| match noun {
            Noun::User => Selector::known(&format!(
                "{},floorWarden,specialNeeds,userType(dateCreated,dateUpdated,fields),room(reservable,capacity,type,\
                 floor(building)),mailStop,costCenter,costCenter1,costCenter2,costCenter3,costCenter4,costCenter5,\
                 costCenter6,color,passwordResetAttemptsRemaining,passwordResetEmailSentAt,dateCreated,dateUpdated,\
                 lastUpdatedBy",
                USER_TEXTS.join(",")
            )),
            noun => Selector::known(noun.schema().shown),
        })
        .collect()
});

static EVERYTHING: LazyLock<Vec<Selector>> = LazyLock::new(|| {
    Noun::ALL
        .iter()
        .map(|&noun| match noun {
            Noun::User => Selector::known(&format!(
                "{},active,floorWarden,specialNeeds,userType,room,seatClassification,neighborhoodSection,mailStop,\
                 costCenter,costCenters,permissions(center,role),siteAdmin,passwordResetEmailSentAt,dateCreated,\
                 dateUpdated,lastUpdatedBy",
                USER_TEXTS.join(",")
            )),
            Noun::Reservation => Selector::known(&format!("{},guests", noun.schema().shown)),
            noun => {
                let fields = noun.schema().fields.iter().map(|field| field.name);
                let names: Vec<&str> = fields.chain(["dateCreated", "dateUpdated", "lastUpdatedBy"]).collect();
                let rules = if noun == Noun::Center { ",rules" } else { "" };
                Selector::known(&format!("{}{rules}", names.join(",")))
            }
        })
        .collect()
});
