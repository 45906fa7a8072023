// source_names.h
// --------------
// SourceNames: what the source calls the locations and values of an execution.
//
// C++ does not say what a field is called. But the lines that touch it do:
// `previous->next.store(&me, kRelease)` stores to a `next`. A name is, in this order,
//
//   1. what the program said (NamedObject): `lock.tail`, `nodes[1].next`
//   2. the member that most of its operations' lines name. Of several with one name, those
//      that lie in what a pointer of the execution points to are told apart by that:
//      `A.next`, `B.next`, and the pointers are `&A`, `&B`. Others get numbers, in the order
//      of their addresses: `items#0`, `items#1`
//   3. if the source cannot be read, x, y, z, ...
//
// Underscores at the end are left out.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_SOURCE_NAMES_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_SOURCE_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/names.h"
#include "ashlar/verification/rc11/report/source_files.h"

namespace ashlar::verification::rc11 {

// A variable of the program, which may have locations in it.
struct NamedObject {
  std::uintptr_t address;
  std::size_t bytes;
  std::string name;
  bool is_location = false;  // an Atomic or a Var itself
};

class SourceNames : public Names {
 public:
  // `addresses` are those of the locations; 0 is one that is not known.
  SourceNames(const Graph& graph, std::vector<std::uintptr_t> addresses,
              std::vector<NamedObject> objects, const SourceFiles& files);

  std::string Location(int location) const override;
  std::string Text(int location, Value value) const override;
  std::string Line(const SourceSite& place) const override;

 private:
  // The smallest one that `address` is in.
  const NamedObject* ObjectAt(std::uintptr_t address) const;
  void FindPointers(const Graph& graph, const std::vector<std::string>& members);
  void NameLocations(const std::vector<std::string>& members);

  const SourceFiles& files_;
  const std::vector<std::uintptr_t> addresses_;
  std::vector<NamedObject> objects_;      // that have names
  std::vector<std::uintptr_t> pointers_;  // that have none, in ascending order
  std::vector<bool> holds_pointers_;      // each location
  std::vector<std::string> names_;
};

// The member that `operation` is called on in `source`, whose first line it stands on or
// a later one: "next" in "previous->next.store(&me, kRelease)". Empty if there is none or
// if there are several.
std::string MemberIn(const std::string& source, const Operation& operation);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_SOURCE_NAMES_H_
