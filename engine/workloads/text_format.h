// text_format.h
// -------------
// How workloads and the command write numbers and foreign bytes for people.
//
// Thread safety: functions of their arguments.
#ifndef ASHLAR_ENGINE_WORKLOADS_TEXT_FORMAT_H_
#define ASHLAR_ENGINE_WORKLOADS_TEXT_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ashlar {

// 1234567 as "1,234,567".
std::string Grouped(int64_t number);

// "1 file", "2,000 files".
std::string Counted(int64_t number, std::string_view what);

// Safe to print on a terminal: UTF-8 stays, control characters and other bytes become
// \xNN. Cut behind about `max_bytes`, marked by "…".
std::string Printable(std::string_view bytes, std::size_t max_bytes);

// Two lower-case digits a byte.
std::string Hex(std::string_view bytes);

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_TEXT_FORMAT_H_
