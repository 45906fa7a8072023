// The gallery: bugs that were published, each as a variant of a small primitive, of which it
// is known who finds it; and the same primitive without it, in which nobody finds anything.
//
//   known_bugs_model_test            the table; fails if an expectation is wrong
//   known_bugs_model_test BUG        our checker's report of one of them

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/verification/known_bugs/chase_lev_deque.h"
#include "ashlar/verification/known_bugs/closable_queue.h"
#include "ashlar/verification/known_bugs/dekker.h"
#include "ashlar/verification/known_bugs/epochs.h"
#include "ashlar/verification/known_bugs/event_count.h"
#include "ashlar/verification/known_bugs/mcs_lock.h"
#include "ashlar/verification/known_bugs/release_sequence.h"
#include "ashlar/verification/known_bugs/seq_lock.h"
#include "ashlar/verification/known_bugs/sleeper_token.h"
#include "ashlar/verification/known_bugs/spsc_queue.h"
#include "ashlar/verification/known_bugs/treiber_stack.h"
#include "ashlar/verification/model/junit.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::known_bugs {
namespace {

using verification::JUnitCase;
using verification::MakeScenario;
using verification::Outcome;
using verification::Scenario;
using verification::Search;

// What a failure is called by Relacy, and by our checker.
struct Fault {
  std::string_view relacy;
  std::string_view rc11;
};
constexpr Fault kRace = {"DATA RACE", "data race"};
constexpr Fault kHang = {"DEADLOCK", "waits for ever"};
constexpr Fault kExpectation = {"USER ASSERT FAILED", "false expectation"};
constexpr Fault kFreed = {"ACCESS TO FREED MEMORY", "use after free"};
constexpr Fault kUnborn = {"ACCESS TO UNINITIALIZED VARIABLE", "use before construction"};

enum class Relacy { kFinds, kIsBlind };

struct Bug {
  std::string name;
  std::string link;
  Relacy relacy;
  Fault fault;
  Scenario wrong;
  Scenario right;
};

template <class Wrong, class Right>
Bug Of(std::string name, Relacy relacy, Fault fault, std::string link) {
  Scenario wrong = MakeScenario<Wrong::template Scenario>(name);
  Scenario right = MakeScenario<Right::template Scenario>(name + ", put right");
  return {std::move(name), std::move(link), relacy, fault, std::move(wrong), std::move(right)};
}

template <ChaseLevBug kBug, int kCapacity>
Bug ChaseLev(std::string name, Fault fault, std::string link) {
  return Of<ChaseLevTakes<kBug, kCapacity>, ChaseLevTakes<ChaseLevBug::kNone, kCapacity>>(
      std::move(name), Relacy::kFinds, fault, std::move(link));
}
template <McsBug kBug>
Bug Mcs(std::string name) {
  return Of<McsCount<kBug>, McsCount<McsBug::kNone>>(std::move(name), Relacy::kIsBlind, kHang,
                                                     "https://doi.org/10.1145/3445814.3446748");
}
template <EventCountBug kBug>
Bug Event(std::string name, std::string link) {
  return Of<OneEvent<kBug>, OneEvent<EventCountBug::kNone>>(std::move(name), Relacy::kFinds, kHang,
                                                            std::move(link));
}
template <SeqLockBug kBug>
Bug Seq(std::string name) {
  return Of<SeqLockPair<kBug>, SeqLockPair<SeqLockBug::kNone>>(
      std::move(name), Relacy::kFinds, kExpectation,
      "https://github.com/python/cpython/pull/121388");
}
template <EpochBug kBug>
Bug Epoch(std::string name) {
  return Of<EpochReclaim<kBug>, EpochReclaim<EpochBug::kNone>>(
      std::move(name), Relacy::kFinds, kFreed, "https://github.com/crossbeam-rs/crossbeam/pull/42");
}

std::vector<Bug> Gallery() {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  constexpr auto kRelease = std::memory_order_release;
  constexpr auto kAcqRel = std::memory_order_acq_rel;
  constexpr auto kSeqCst = std::memory_order_seq_cst;
  return {
      ChaseLev<ChaseLevBug::kArrayRelaxed, 1>("chase_lev_resize", kUnborn,
                                              "https://doi.org/10.1145/2509136.2509514"),
      ChaseLev<ChaseLevBug::kNoPopFence, 2>("chase_lev_pop_fence", kExpectation,
                                            "https://doi.org/10.1145/2442516.2442524"),
      ChaseLev<ChaseLevBug::kNoStealFence, 2>("chase_lev_steal_fence", kExpectation,
                                              "https://doi.org/10.1145/2442516.2442524"),
      Mcs<McsBug::kExchangeAcquire>("mcs_exchange"),
      Mcs<McsBug::kLinkRelaxed>("mcs_link"),
      Mcs<McsBug::kNextRelaxed>("mcs_next"),
      Mcs<McsBug::kAwaitedNextRelaxed>("mcs_awaited_next"),
      Of<Dekker<kAcqRel>, Dekker<kSeqCst>>("dekker_acq_rel", Relacy::kFinds, kRace,
                                           "https://github.com/scylladb/seastar/pull/1488"),
      Of<ReleaseSequence<kRelaxed>, ReleaseSequence<kRelease>>("release_sequence", Relacy::kIsBlind,
                                                               kRace, "https://wg21.link/p0982r1"),
      Event<EventCountBug::kNoNotifyFence>("event_count_notify_fence",
                                           "https://github.com/uxlfoundation/oneTBB/pull/2136"),
      Event<EventCountBug::kNoWaitFence>("event_count_wait_fence",
                                         "https://github.com/ClickHouse/silk/pull/76"),
      Event<EventCountBug::kNotifyFirst>(
          "notify_before_store",
          "https://www.ibm.com/docs/en/i/7.2.0?topic=threads-condition-variables"),
      Of<SpscPass<SpscBug::kSignalRelaxed>, SpscPass<SpscBug::kNone>>(
          "spsc_signal_relaxed", Relacy::kFinds, kHang,
          "https://github.com/dvyukov/relacy/blob/master/example/spsc_queue/spsc_queue.cpp"),
      Seq<SeqLockBug::kNoReadFence>("seq_lock_read_fence"),
      Seq<SeqLockBug::kNoWriteFence>("seq_lock_write_fence"),
      Of<TreiberReuse<TreiberBug::kNoTag>, TreiberReuse<TreiberBug::kNone>>(
          "treiber_aba", Relacy::kFinds, kExpectation,
          "https://github.com/pmodels/argobots/issues/178"),
      Epoch<EpochBug::kOwnEpoch>("epoch_own"),
      Epoch<EpochBug::kOneEpoch>("epoch_one"),
      Of<CloseAgainstClaim<CloseBug::kTwoWords>, CloseAgainstClaim<CloseBug::kNone>>(
          "close_against_claim", Relacy::kFinds, kExpectation,
          "https://github.com/rust-lang/futures-rs/issues/909"),
      Of<SleepTwice<TokenBug::kNotAcquired>, SleepTwice<TokenBug::kNone>>(
          "sleeper_token", Relacy::kIsBlind, kHang, "https://bugs.openjdk.org/browse/JDK-6822370"),
  };
}

// What Relacy gets to find a bug in, and to find none where there is none.
const std::vector<Search> kWrong = {Search::Random(200'000), Search::Bounded(3, 100'000)};
const std::vector<Search> kRight = {Search::Random(20'000), Search::Bounded(3, 20'000)};
const Search kAll = Search::Exhaustive(1'000'000);

// The failure, counted from the beginning of the search that found it; or what all of them
// did in vain.
struct Found {
  Outcome outcome;
  std::string text;
};

std::string Describe(std::uint64_t executions, const char* how, double seconds) {
  char text[64];
  std::snprintf(text, sizeof(text), "%ju%s, %.1f ms", std::uintmax_t{executions}, how,
                seconds * 1000);
  return text;
}

Found ExploreUnderRelacy(const Scenario& scenario, const std::vector<Search>& searches) {
  Outcome all;
  for (const Search& search : searches) {
    Outcome outcome = scenario.Explore(search);
    const double seconds = all.seconds + outcome.seconds;
    if (outcome.failed) {
      const bool random = search.scheduler == Search::Scheduler::kRandom;
      return {outcome, Describe(outcome.executions, random ? " random" : " bounded", seconds)};
    }
    all.executions += outcome.executions;
    all.seconds = seconds;
  }
  return {all, "not in " + Describe(all.executions, "", all.seconds)};
}

Found ExploreUnderRc11(const Scenario& scenario) {
  const Outcome outcome = scenario.Explore(kAll);
  return {outcome,
          (outcome.failed ? "" : "none in ") + Describe(outcome.executions, "", outcome.seconds)};
}

bool all_good = true;

// Adds to `row` what is wrong, if it is.
void Check(bool good, const Scenario& scenario, const char* tool, const Outcome& outcome,
           JUnitCase& row) {
  if (good) return;
  all_good = false;
  row.failure = "not as expected under " + std::string(tool);
  std::printf("\nWRONG: %s under %s: %s\n%s\n", scenario.name.c_str(), tool,
              outcome.failed ? outcome.reason.c_str() : "no failure", outcome.history.c_str());
}

JUnitCase Show(const Bug& bug) {
  const Found relacy = ExploreUnderRelacy(bug.wrong, kWrong);
  const Found rc11 = ExploreUnderRc11(bug.wrong);
  const Outcome right_relacy = ExploreUnderRelacy(bug.right, kRight).outcome;
  const Found right_rc11 = ExploreUnderRc11(bug.right);
  std::printf("| %-24s | %-26s | %-10s | %-19s | %s |\n", bug.name.c_str(), relacy.text.c_str(),
              rc11.text.c_str(), right_rc11.text.c_str(), bug.link.c_str());
  JUnitCase row{bug.name,
                "known bug",
                0,
                {{"found by Relacy", relacy.text},
                 {"by RC11", rc11.text},
                 {"put right, RC11", right_rc11.text},
                 {"report", bug.link}},
                {}};

  const bool seen = relacy.outcome.failed && relacy.outcome.reason == bug.fault.relacy;
  Check(bug.relacy == Relacy::kFinds ? seen : !relacy.outcome.failed, bug.wrong, "Relacy",
        relacy.outcome, row);
  Check(rc11.outcome.failed && rc11.outcome.reason.starts_with(bug.fault.rc11), bug.wrong, "RC11",
        rc11.outcome, row);
  Check(!right_relacy.failed && right_relacy.executions > 1, bug.right, "Relacy", right_relacy,
        row);
  Check(!right_rc11.outcome.failed && right_rc11.outcome.complete, bug.right, "RC11",
        right_rc11.outcome, row);
  std::fflush(stdout);
  return row;
}

int Report(const Bug& bug) {
  Search search = kAll;
  search.explain = true;
  const Outcome outcome = bug.wrong.Explore(search);
  std::printf("%s\n%s\n", bug.link.c_str(), outcome.history.c_str());
  return outcome.failed ? 0 : 1;
}

int Main(int argc, char** argv) {
  const std::vector<Bug> gallery = Gallery();
  if (argc > 1) {
    for (const Bug& bug : gallery) {
      if (bug.name == argv[1]) return Report(bug);
    }
    std::fprintf(stderr, "there is no bug %s\n", argv[1]);
    return 2;
  }
  std::printf("| %-24s | %-26s | %-10s | %-19s | %s |\n", "bug", "found by Relacy", "by RC11",
              "put right, RC11", "report");
  std::printf("|---|---|---|---|---|\n");
  std::vector<JUnitCase> rows;
  for (const Bug& bug : gallery) rows.push_back(Show(bug));
  return verification::WriteJUnit("known_bugs", rows) && all_good ? 0 : 1;
}

}  // namespace
}  // namespace ashlar::known_bugs

int main(int argc, char** argv) { return ashlar::known_bugs::Main(argc, argv); }
