//! What the console asks of the program around it: evidence packs, and new connections. The same functions as the
//! verbs `report`, `verify`, `init` and `doctor`.

mod connections;
mod evidence;

use std::{path::Path, sync::Arc};

use lanyard_engine::{Engine, clock::Clock};
use lanyard_web::Desks;
use lanyard_wire::Transport;

use crate::checkpoints::Places;

/// The desks of a data folder. `places`: where checkpoints go.
pub fn of(
    dir: &Path,
    places: &Arc<Places>,
    engine: &Arc<Engine>,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
) -> Desks {
    Desks {
        evidence: Some(Arc::new(evidence::Evidence::open(dir, Arc::clone(places), engine))),
        connections: Some(Arc::new(connections::Connections::of(dir, engine, clock, transport))),
    }
}
