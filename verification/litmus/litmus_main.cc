#include <iostream>
#include <string>
#include <vector>

#include "ashlar/verification/litmus/command.h"

int main(int argc, char** argv) {
  return ashlar::verification::litmus::RunLitmus(std::vector<std::string>(argv + 1, argv + argc),
                                                 std::cout, std::cerr);
}
