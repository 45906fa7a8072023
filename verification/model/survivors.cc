#include "ashlar/verification/model/survivors.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>
#include <tuple>
#include <utility>

namespace ashlar::verification {
namespace {

constexpr std::string_view kColumns[] = {"file", "function", "operation", "ordinal",
                                         "from", "to",       "claim",     "reason"};
enum Column { kFile, kFunction, kOperation, kOrdinal, kFrom, kTo, kClaim, kReason };

constexpr Operation kOperations[] = {Operation::kLoad,
                                     Operation::kStore,
                                     Operation::kReadModifyWrite,
                                     Operation::kCompareExchange,
                                     Operation::kCompareExchangeFailure,
                                     Operation::kFence,
                                     Operation::kWake};
constexpr std::memory_order kOrders[] = {std::memory_order_relaxed, std::memory_order_acquire,
                                         std::memory_order_release, std::memory_order_acq_rel,
                                         std::memory_order_seq_cst, kDropped};
constexpr Claim kClaims[] = {Claim::kEquivalent, Claim::kUnseen};

std::vector<std::string_view> Split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find('\t', begin), line.size());
    fields.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return fields;
}

// One line; the first thing that is wrong with it is its error, "COLUMN: ...".
class Row {
 public:
  explicit Row(std::string_view line) : line_(line), fields_(Split(line)) {
    if (fields_.size() != std::size(kColumns)) {
      Fail(line_.substr(line_.size()), std::to_string(fields_.size()) + " columns instead of " +
                                           std::to_string(std::size(kColumns)));
      fields_.resize(std::size(kColumns), line_.substr(line_.size()));
    }
    for (std::size_t i = 0; i < std::size(kColumns); ++i) {
      if (fields_[i].empty()) Fail(fields_[i], "no " + std::string(kColumns[i]));
    }
  }

  Survivor Parse() {
    Survivor survivor;
    survivor.file = fields_[kFile];
    survivor.function = fields_[kFunction];
    survivor.operation =
        OneOf(kOperations, kOperation, [](Operation operation) { return Name(operation); });
    survivor.ordinal_in_function = Ordinal();
    survivor.from = OneOf(kOrders, kFrom, [&](std::memory_order order) {
      return NameOfOrder(survivor.operation, order);
    });
    survivor.to = OneOf(kOrders, kTo, [](std::memory_order order) { return Name(order); });
    survivor.claim = OneOf(kClaims, kClaim, [](Claim claim) { return Name(claim); });
    survivor.reason = fields_[kReason];
    return survivor;
  }

  const std::string& error() const { return error_; }

 private:
  template <class T, std::size_t kSize, class NameOf>
  T OneOf(const T (&values)[kSize], Column column, NameOf name_of) {
    for (const T& value : values) {
      if (name_of(value) == fields_[column]) return value;
    }
    FailAt(column);
    return values[0];
  }
  unsigned Ordinal() {
    const std::string_view text = fields_[kOrdinal];
    const char* const end = text.data() + text.size();
    unsigned number = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number == 0) FailAt(kOrdinal);
    return number;
  }

  void FailAt(Column column) {
    Fail(fields_[column],
         "'" + std::string(fields_[column]) + "' is no '" + std::string(kColumns[column]) + "'");
  }
  void Fail(std::string_view where, const std::string& what) {
    if (!error_.empty()) return;
    error_ = std::to_string(where.data() - line_.data() + 1) + ": " + what;
  }

  std::string_view line_;
  std::vector<std::string_view> fields_;
  std::string error_;
};

bool SameMutant(const Survivor& a, const Survivor& b) {
  const auto key = [](const Survivor& survivor) {
    return std::tie(survivor.file, survivor.function, survivor.operation,
                    survivor.ordinal_in_function, survivor.from, survivor.to);
  };
  return key(a) == key(b);
}

std::string Header() {
  std::string header(kColumns[0]);
  for (std::size_t i = 1; i < std::size(kColumns); ++i) header.append("\t").append(kColumns[i]);
  return header;
}

}  // namespace

std::string_view NameOfOrder(Operation operation, std::memory_order order) {
  return operation == Operation::kWake ? "-" : Name(order);
}

std::string_view Name(Claim claim) { return claim == Claim::kUnseen ? "unseen" : "equivalent"; }

std::string MutantColumns(const Survivor& survivor) {
  std::string columns = survivor.file + "\t" + survivor.function + "\t";
  columns.append(Name(survivor.operation)).append("\t");
  columns.append(std::to_string(survivor.ordinal_in_function)).append("\t");
  columns.append(NameOfOrder(survivor.operation, survivor.from)).append("\t");
  return columns.append(Name(survivor.to));
}

std::optional<std::vector<Survivor>> ParseSurvivors(std::string_view text, std::string& error) {
  std::vector<Survivor> survivors;
  bool header = false;
  std::size_t number = 0;
  const auto fail = [&](const std::string& what) {
    error = std::to_string(number) + ":" + what;
    return std::nullopt;
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    if (!header) {
      header = line == Header();
      if (!header) return fail("1: the header line must be, with tabs, " + Header());
      continue;
    }
    Row row(line);
    survivors.push_back(row.Parse());
    survivors.back().line = number;
    if (!row.error().empty()) return fail(row.error());
    const auto first =
        std::find_if(survivors.begin(), survivors.end() - 1,
                     [&](const Survivor& other) { return SameMutant(other, survivors.back()); });
    if (first != survivors.end() - 1) {
      return fail("1: the mutant of line " + std::to_string(first->line) + " again");
    }
  }
  if (!header) return ++number, fail("1: the header line is missing");
  return survivors;
}

}  // namespace ashlar::verification
