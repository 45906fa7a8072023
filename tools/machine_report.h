// machine_report.h
// ----------------
// What `ashlar info` says about the machine, for people or as one JSON object.
//
// Thread safety: functions of their arguments.
#ifndef ASHLAR_TOOLS_MACHINE_REPORT_H_
#define ASHLAR_TOOLS_MACHINE_REPORT_H_

#include <string>

#include "ashlar/engine/topology.h"

namespace ashlar {

std::string MachineReportText(const Topology& machine);
std::string MachineReportJson(const Topology& machine);

}  // namespace ashlar

#endif  // ASHLAR_TOOLS_MACHINE_REPORT_H_
