//! The places of a body that are masked or sealed, as a graph to walk beside the body.
//!
//! A node stands for all schemas that apply to one value, so compositions and references, circular
//! ones too, come out as one step per member.
//!
//! Clauses: JR-6.2.3.a, AP-5.5.

use std::{collections::BTreeMap, sync::Arc};

use super::{Direction, Schemas, lint::MaskRule};
use crate::contract::{
    document::{Place, escape_token},
    error::{Fault, FaultKind},
};

/// Nodes of a graph. Stops: compositions whose combinations grow exponentially.
const NODES_MAX: usize = 4_096;

/// Pointers that are listed; the graph itself is complete.
const POINTERS_MAX: usize = 1_000;

/// Where a node stands in its graph.
pub(crate) type NodeIndex = usize;

/// What is done to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Mask(MaskRule),
    /// With the index of its plain schema.
    Sealed(usize),
}

/// The marked places of a body.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The root is the first; none when nothing is marked.
    nodes: Vec<Node>,
}

/// What is known of a value by where it stands.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) mark: Option<Mark>,
    /// Members by name; `None` for those without marks inside.
    members: BTreeMap<Arc<str>, Option<NodeIndex>>,
    /// Members without a name of their own.
    other: Option<NodeIndex>,
    pub(crate) items: Option<NodeIndex>,
}

impl Node {
    pub(crate) fn member(&self, name: &str) -> Option<NodeIndex> {
        self.members.get(name).copied().unwrap_or(self.other)
    }
}

impl Marks {
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn root(&self) -> Option<NodeIndex> {
        (!self.is_empty()).then_some(0)
    }

    pub(crate) fn node(&self, index: NodeIndex) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// Pointers of the marked places, `*` for any item or additional member; what a
    /// circular schema repeats is left out.
    pub(crate) fn pointers(&self) -> Vec<(String, Mark)> {
        let mut found = Vec::new();
        let mut waiting: Vec<(String, Vec<NodeIndex>)> = self
            .root()
            .map(|root| (String::new(), vec![root]))
            .into_iter()
            .collect();
        while let Some((pointer, path)) = waiting.pop() {
            if found.len() >= POINTERS_MAX {
                break;
            }
            let Some(node) = path.last().and_then(|index| self.node(*index)) else {
                continue;
            };
            found.extend(node.mark.map(|mark| (pointer.clone(), mark)));
            let named = node
                .members
                .iter()
                .map(|(name, index)| (escape_token(name), *index));
            let any = [node.items, node.other].map(|index| ("*".into(), index));
            for (token, index) in named.chain(any) {
                if let Some(index) = index.filter(|index| !path.contains(index)) {
                    let path = path.iter().copied().chain([index]).collect();
                    waiting.push((format!("{pointer}/{token}"), path));
                }
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }
}

/// The graph of a body, and the schemas of its sealed fields.
pub(crate) fn find<'doc>(
    schemas: &Schemas<'doc>,
    direction: Direction,
    root: &Place<'doc>,
) -> Result<(Marks, Vec<Place<'doc>>), Fault> {
    let mut builder = Builder {
        schemas,
        direction,
        indices: BTreeMap::new(),
        nodes: Vec::new(),
        waiting: Vec::new(),
        sealed: Vec::new(),
    };
    builder.node(vec![root.clone()]);
    while let Some((index, own)) = builder.waiting.pop() {
        if builder.nodes.len() > NODES_MAX {
            return Err(root.fault(FaultKind::TooManyMarks));
        }
        builder.fill(index, &own)?;
    }
    Ok((prune(builder.nodes), builder.sealed))
}

struct Builder<'run, 'doc> {
    schemas: &'run Schemas<'doc>,
    direction: Direction,
    /// Nodes by the places of their schemas.
    indices: BTreeMap<Vec<String>, NodeIndex>,
    nodes: Vec<Node>,
    waiting: Vec<(NodeIndex, Vec<Place<'doc>>)>,
    sealed: Vec<Place<'doc>>,
}

impl<'doc> Builder<'_, 'doc> {
    fn node(&mut self, own: Vec<Place<'doc>>) -> NodeIndex {
        let mut key: Vec<String> = own.iter().map(|place| place.pointer.clone()).collect();
        key.sort();
        key.dedup();
        if let Some(index) = self.indices.get(&key) {
            return *index;
        }
        let index = self.nodes.len();
        self.nodes.push(Node::default());
        self.indices.insert(key, index);
        self.waiting.push((index, own));
        index
    }

    /// `own`: the schemas that stand at the place itself, references and compositions unopened.
    fn fill(&mut self, index: NodeIndex, own: &[Place<'doc>]) -> Result<(), Fault> {
        let mut applied: Vec<Place<'doc>> = Vec::new();
        for place in own {
            for schema in self.schemas.applied(place, true) {
                if applied.iter().all(|known| known.pointer != schema.pointer) {
                    applied.push(schema);
                }
            }
        }
        let mark = match self.direction {
            Direction::Request => self.seal(own, &applied)?,
            Direction::Response => mask(&applied)?.map(Mark::Mask),
        };
        let mut node = Node {
            mark,
            ..Node::default()
        };
        if !matches!(mark, Some(Mark::Sealed(_))) {
            self.members(&applied, &mut node);
            let items: Vec<_> = applied
                .iter()
                .filter_map(|schema| schema.member("items"))
                .collect();
            node.items = (!items.is_empty()).then(|| self.node(items));
        }
        if let Some(slot) = self.nodes.get_mut(index) {
            *slot = node;
        }
        Ok(())
    }

    fn seal(
        &mut self,
        own: &[Place<'doc>],
        applied: &[Place<'doc>],
    ) -> Result<Option<Mark>, Fault> {
        let Some(sealed) = applied.iter().find(|s| s.member("x-hefu-sealed").is_some()) else {
            return Ok(None);
        };
        // Described in two places, the sealed string would have to fit the other description too.
        let [place] = own else {
            return Err(sealed.fault(FaultKind::SealedShape));
        };
        let index = self.sealed.len();
        self.sealed.push(place.clone());
        Ok(Some(Mark::Sealed(index)))
    }

    fn members(&mut self, applied: &[Place<'doc>], node: &mut Node) {
        let additional = |schema: &Place<'doc>| {
            schema
                .member("additionalProperties")
                .filter(|place| place.node.map().is_some())
        };
        let mut names: Vec<&'doc str> = Vec::new();
        for schema in applied {
            let properties = schema.member("properties");
            names.extend(
                properties
                    .iter()
                    .flat_map(Place::members)
                    .map(|(name, _)| name),
            );
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            let schemas = applied.iter().filter_map(|schema| {
                let properties = schema.member("properties");
                let own = properties.and_then(|properties| properties.member(name));
                own.or_else(|| additional(schema))
            });
            let schemas = schemas.collect();
            node.members.insert(name.into(), Some(self.node(schemas)));
        }
        let other: Vec<_> = applied.iter().filter_map(additional).collect();
        node.other = (!other.is_empty()).then(|| self.node(other));
    }
}

/// The mask of a value: that of any schema that applies to it, and only one.
fn mask(applied: &[Place<'_>]) -> Result<Option<MaskRule>, Fault> {
    let mut found: Option<MaskRule> = None;
    for schema in applied {
        let Some(place) = schema.member("x-hefu-mask") else {
            continue;
        };
        let Some(rule) = place.node.text().and_then(MaskRule::parse) else {
            continue;
        };
        if found.is_some_and(|known| known != rule) {
            return Err(place.fault(FaultKind::MaskConflict));
        }
        found = Some(rule);
    }
    Ok(found)
}

/// Leaves only what leads to a mark, so that the rest of a body is passed over without a look.
fn prune(mut nodes: Vec<Node>) -> Marks {
    let mut marked: Vec<bool> = nodes.iter().map(|node| node.mark.is_some()).collect();
    let leads = |marked: &[bool], index: &NodeIndex| marked.get(*index) == Some(&true);
    loop {
        let found: Vec<bool> = nodes
            .iter()
            .zip(&marked)
            .map(|(node, known)| {
                *known
                    || node
                        .members
                        .values()
                        .flatten()
                        .any(|index| leads(&marked, index))
                    || node
                        .other
                        .iter()
                        .chain(&node.items)
                        .any(|index| leads(&marked, index))
            })
            .collect();
        if found == marked {
            break;
        }
        marked = found;
    }
    if marked.first() != Some(&true) {
        return Marks::default();
    }
    for node in &mut nodes {
        let keep = |index: &NodeIndex| leads(&marked, index);
        node.other = node.other.filter(keep);
        node.items = node.items.filter(keep);
        for member in node.members.values_mut() {
            *member = member.filter(keep);
        }
        if node.other.is_none() {
            node.members.retain(|_, member| member.is_some());
        }
    }
    Marks { nodes }
}
