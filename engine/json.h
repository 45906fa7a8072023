// json.h
// ------
// Json: a value that prints as JSON, with its members in the order they were added.
//
//   Json report = Json::Object();
//   report.Set("words", Json(int64_t{3})).Set("top", Json::Array().Add(Json("the")));
//   std::string text = report.ToString();      // {"words":3,"top":["the"]}
//
// For reports of some kilobytes. It only writes; nothing here reads JSON.
//
// Strings are bytes: what is valid UTF-8 is written as it is, and each byte that is not
// part of valid UTF-8 becomes U+FFFD, so that the text is valid JSON whatever the bytes.
// A number that is not finite becomes null.
//
// Thread safety: as a std::vector. Errors: Set on no object and Add on no array are
// checked.
#ifndef ASHLAR_ENGINE_JSON_H_
#define ASHLAR_ENGINE_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ashlar {

class Json {
 public:
  Json() = default;  // null
  explicit Json(bool value) : value_(value) {}
  explicit Json(int value) : value_(int64_t{value}) {}
  explicit Json(int64_t value) : value_(value) {}
  explicit Json(double value) : value_(value) {}
  explicit Json(std::string value) : value_(std::move(value)) {}
  explicit Json(std::string_view value) : value_(std::string(value)) {}
  explicit Json(const char* value) : value_(std::string(value)) {}

  static Json Array() { return Json(Items()); }
  static Json Object() { return Json(Members()); }

  Json& Add(Json item) &;
  Json&& Add(Json item) && { return std::move(Add(std::move(item))); }

  // Appends; a name is expected once.
  Json& Set(std::string name, Json value) &;
  Json&& Set(std::string name, Json value) && {
    return std::move(Set(std::move(name), std::move(value)));
  }

  // Appends all members of another object.
  Json& Merge(Json object) &;

  std::string ToString() const;

 private:
  using Items = std::vector<Json>;
  using Members = std::vector<std::pair<std::string, Json>>;

  explicit Json(Items items) : value_(std::move(items)) {}
  explicit Json(Members members) : value_(std::move(members)) {}
  void AppendTo(std::string& out) const;

  std::variant<std::monostate, bool, int64_t, double, std::string, Items, Members> value_;
};

// Appends `text` as a JSON string with its quotation marks.
void AppendJsonString(std::string_view text, std::string& out);

// The length in bytes of the UTF-8 character that `text` starts with; 0 where it starts
// with none.
int Utf8Length(std::string_view text);

// Whether all of it is UTF-8.
bool IsUtf8(std::string_view text);

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_JSON_H_
