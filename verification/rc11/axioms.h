// axioms.h
// --------
// What an execution of the memory model must satisfy: RC11 (Lahav et al., "Repairing
// Sequential Consistency in C/C++11", PLDI 2017), with C++20's release sequences. A
// read-modify-write is two events.
//
// The axioms take a graph that satisfied them before `event` was appended, or, for a
// read, made to read from another write. `event` has nothing after it in sb and rf, so
// that only what leads through it need be looked at.
//
// Asymmetric fences follow P1202 ("Asymmetric Fences", WG21), whose rule is pairwise. A heavy
// fence is a seq_cst fence. A light fence is a fence only together with a heavy one: the two
// synchronise with each other as a release and an acquire fence do, and order as two seq_cst
// fences do. Two light fences, or a light one and anything else, have no effect on each
// other. That is sound for membarrier(2), where the light fence stops the compiler alone: a
// heavy fence h runs a full fence f in each thread, after its own start and before its end,
// and what the thread did before f is out, what it does after is not begun. If h is before a
// light fence l in psc, f stands before l in l's thread; if l is before a heavy h2, then f is
// before h2's start. So a cycle through light fences would be one of the full fences.
//
// A rule that is left out is for testing the tests.
//
// porf is acyclic by construction: a read never reads from an event that depends on it.
// That excludes load buffering, which C++ allows in principle.
#ifndef ASHLAR_VERIFICATION_RC11_AXIOMS_H_
#define ASHLAR_VERIFICATION_RC11_AXIOMS_H_

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/rule.h"

namespace ashlar::verification::rc11 {

enum class Model {
  // The axiom on seq_cst operations has C++20's "strongly happens before": sb; hb; sb.
  kRc11,
  // It has the paper's weaker sb; hb; sb, each sb between two locations.
  kRc11Paper,
  kSc,  // sequential consistency: every operation as if seq_cst
};

// irreflexive(hb; eco?): a thread sees writes to one location in the order in which they
// happened, and in which others are known to have seen them.
bool Coherence(const Graph& graph, EventId event, Rule without = Rule::kNone);

// empty(rmw & (fr; mo)): nothing comes between the halves of a read-modify-write. Says so
// before `write` is placed after `place`.
bool Atomicity(const Graph& graph, EventId write, EventId place, Rule without = Rule::kNone);

// Going to sleep on a queue is one step with the look at the word that was the reason: all
// that was done to the queue before it, and what happens before that, had been seen then.
// So futex(2) has it: load, comparison and falling asleep are atomic, and in one order with
// the other operations on that futex. It orders nothing else: nothing synchronises by it.
bool QueueOrder(const Graph& graph, EventId enqueue_write);

// acyclic(psc_base | psc_fence | psc_asymmetric): there is an order of all seq_cst
// operations and light fences that the rest agrees with.
bool SeqCst(const Graph& graph, Model model = Model::kRc11, Rule without = Rule::kNone);
// The same if `event`, alone or with what reads from it, is new.
bool SeqCstAt(const Graph& graph, EventId event, Model model, Rule without);

// acyclic(sb | rf | mo | fr): the threads' operations took turns.
bool SequentialConsistency(const Graph& graph);

// Two accesses of one location in two threads that no happens-before orders, one of them
// a write, one of them not atomic. No axiom: a program with such an execution is wrong.
struct Race {
  EventId first = Graph::kNone;  // kNone: there is none
  EventId second = Graph::kNone;
};
Race FindRace(const Graph& graph);
// One that `event` takes part in, after which nothing happens.
Race FindRaceAt(const Graph& graph, EventId event);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_AXIOMS_H_
