//! The lines of one commit.

use rayon::prelude::*;

use super::{Writer, recover::Plan};
use crate::audit::{
    canonical::Cursor,
    chain::Chain,
    error::AuditError,
    event::{Event, Kind},
    record::{self, Malformed, Record},
    tree::Hash,
};

/// Lines that are about to be written, and what the log is with them.
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    pub(super) chain: Chain,
    /// Index of the first event of the caller.
    pub(super) first: u64,
    pub(super) last_record: Vec<u8>,
    /// Inclusion proof of the last record.
    pub(super) last_proof: Vec<Hash>,
}

impl Writer {
    /// The restated head where a segment begins, what the log has to say, the events.
    pub(super) fn batch(&self, plan: &Plan, events: &[Event]) -> Result<Batch, AuditError> {
        let own = self.own_events(plan)?;
        let time = self.time();
        if !record::is_time(&time) {
            return Err(AuditError::Request(format!("the clock says `{time}`, which no record can hold")));
        }
        let mut batch = Batch {
            bytes: Vec::new(),
            chain: plan.head.chain.clone(),
            first: plan.head.chain.size() + own.len() as u64,
            last_record: Vec::new(),
            last_proof: Vec::new(),
        };
        if let Some(commit) = plan.head.commit.as_ref().filter(|_| plan.new_segment.is_some()) {
            batch.bytes.extend(commit.encode());
            batch.bytes.push(b'\n');
        }
        let told = batch.chain.behind(&time).and_then(|behind| {
            events
                .iter()
                .enumerate()
                .find_map(|(position, event)| Some((position, event.with_clock_back(behind)?)))
        });
        let told =
            |position: usize| told.as_ref().filter(|(told, _)| *told == position).map(|(_, event)| event);
        let own = own.par_iter();
        let events = events.par_iter().enumerate().map(|(position, event)| told(position).unwrap_or(event));
        // Bodies do not depend on each other; only hashing has to wait for the record before.
        let bodies: Vec<(Kind, String)> = own.chain(events).map(body).collect::<Result<_, _>>()?;
        let (last, before) =
            bodies.split_last().ok_or_else(|| AuditError::Request("nothing to commit".to_owned()))?;
        batch.bytes.reserve(bodies.iter().map(|(_, body)| body.len() + 256).sum());
        for (kind, body) in before {
            self.add_record(&mut batch, *kind, body, &time)?;
        }
        batch.last_proof = batch.chain.frontier.nodes().iter().rev().copied().collect();
        let start = batch.bytes.len();
        self.add_record(&mut batch, last.0, &last.1, &time)?;
        batch.last_record = batch.bytes[start..batch.bytes.len() - 1].to_vec();
        Ok(batch)
    }

    /// What the log itself records with this commit.
    fn own_events(&self, plan: &Plan) -> Result<Vec<Event>, AuditError> {
        let mut own = Vec::new();
        let is_signed = if let Some(commit) = &plan.head.commit {
            commit.note.is_signed()
        } else {
            own.push(Event::Genesis(self.genesis()?));
            !self.description.keys.is_empty()
        };
        own.extend(self.takes_key(is_signed));
        own.extend(plan.set_aside.iter().map(|(tail, reason)| Event::Recovered(tail.named(reason))));
        Ok(own)
    }

    fn add_record(&self, batch: &mut Batch, kind: Kind, body: &str, time: &str) -> Result<(), AuditError> {
        let Batch { bytes, chain, .. } = batch;
        let previous = chain.previous.unwrap_or_else(Hash::empty).hex();
        let record = Record { body, index: chain.size(), previous: &previous, run: &self.run, time, kind };
        let start = bytes.len();
        record.encode_into(bytes);
        if bytes.len() - start > record::LONGEST {
            return Err(AuditError::Record { kind: kind.name(), reason: Malformed::TooLong.to_string() });
        }
        let leaf = Hash::leaf(&bytes[start..]);
        bytes.push(b'\n');
        chain.push(leaf, time);
        Ok(())
    }
}

/// The body of an event; one that readers would refuse is an error.
fn body(event: &Event) -> Result<(Kind, String), AuditError> {
    let body = event.body();
    let mut cursor = Cursor::new(&body);
    match cursor.object().and_then(|_| cursor.end()) {
        Ok(()) => Ok((event.kind(), body)),
        Err(error) => {
            let reason = Malformed::from(error).to_string();
            Err(AuditError::Record { kind: event.kind().name(), reason })
        }
    }
}
