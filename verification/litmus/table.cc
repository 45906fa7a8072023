#include "ashlar/verification/litmus/table.h"

#include <charconv>
#include <utility>

#include "ashlar/verification/litmus/parser.h"

namespace ashlar::verification::litmus {
namespace {

constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

struct Field {
  std::size_t column = 1;  // where it begins in its line, from 1
  std::string_view text;
};

std::vector<Field> Split(std::string_view line) {
  std::vector<Field> fields;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = line.find('\t', begin);
    fields.push_back({begin + 1, line.substr(begin, end - begin)});
    if (end == std::string_view::npos) return fields;
    begin = end + 1;
  }
}

struct Columns {
  std::size_t name = kAbsent;
  std::size_t program = kAbsent;
  std::size_t counts = kAbsent;
};

bool ParseHeader(const std::vector<Field>& fields, std::string_view counts, Columns* columns,
                 TableError* error) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::size_t* const column = fields[i].text == "name"      ? &columns->name
                                : fields[i].text == "program" ? &columns->program
                                : fields[i].text == counts    ? &columns->counts
                                                              : nullptr;
    if (column == nullptr) continue;
    if (*column != kAbsent) {
      error->column = fields[i].column;
      error->message = "a second column '" + std::string(fields[i].text) + "'";
      return false;
    }
    *column = i;
  }
  if (columns->name != kAbsent && columns->program != kAbsent) return true;
  error->column = 1;
  error->message = "the header line needs the columns 'name' and 'program', separated by tabs";
  return false;
}

bool ParseRow(const std::vector<Field>& fields, const Columns& columns, TableRow* row,
              TableError* error) {
  if (fields.size() <= columns.name || fields.size() <= columns.program) {
    error->column = fields.back().column + fields.back().text.size();
    error->message = "the line ends before the columns 'name' and 'program'";
    return false;
  }
  row->name = fields[columns.name].text;
  const Field& text = fields[columns.program];
  ParseError parse_error;
  std::optional<LitmusProgram> program = Parse(text.text, &parse_error);
  if (!program) {
    error->column = text.column + parse_error.column - 1;
    error->message = std::move(parse_error.message);
    return false;
  }
  row->program = *std::move(program);

  if (fields.size() <= columns.counts || fields[columns.counts].text.empty()) return true;
  const Field& count = fields[columns.counts];
  std::uint64_t executions = 0;
  const char* const end = count.text.data() + count.text.size();
  const auto [stop, failure] = std::from_chars(count.text.data(), end, executions);
  if (failure != std::errc() || stop != end) {
    error->column = count.column;
    error->message = "'" + std::string(count.text) + "' is no number of executions";
    return false;
  }
  row->executions = executions;
  return true;
}

}  // namespace

std::optional<std::vector<TableRow>> ParseTable(std::string_view text, std::string_view counts,
                                                TableError* error) {
  std::vector<TableRow> rows;
  std::optional<Columns> columns;
  error->line = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++error->line;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::vector<Field> fields = Split(line);
    if (!columns) {
      columns.emplace();
      if (!ParseHeader(fields, counts, &*columns, error)) return std::nullopt;
    } else {
      rows.emplace_back();
      if (!ParseRow(fields, *columns, &rows.back(), error)) return std::nullopt;
    }
  }
  if (columns) return rows;
  error->column = 1;
  error->message = "the table has no header line";
  return std::nullopt;
}

}  // namespace ashlar::verification::litmus
