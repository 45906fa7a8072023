#include "ashlar/verification/model/junit.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

// $XML_OUTPUT_FILE is GoogleTest's as well, which has read it by now.
class JUnitTest : public testing::Test {
 protected:
  JUnitTest() {
    if (const char* path = std::getenv("XML_OUTPUT_FILE")) before_ = path;
  }
  ~JUnitTest() override {
    if (before_.empty()) {
      unsetenv("XML_OUTPUT_FILE");
    } else {
      setenv("XML_OUTPUT_FILE", before_.c_str(), 1);
    }
  }

  // As the name of a case comes out.
  static std::string Escaped(const std::string& text) {
    const std::string xml = JUnitXml("", {{text, "", 0, {}, {}}});
    const std::size_t begin = xml.find("<testcase name=\"") + 16;
    return xml.substr(begin, xml.find("\" classname") - begin);
  }

 private:
  std::string before_;
};

TEST_F(JUnitTest, RowsHavePropertiesAndFailures) {
  EXPECT_EQ(JUnitXml("deque", {{"Steal", "rc11", 0.25, {{"executions", "17"}}, {}},
                               {"Pop", "bound 2", 1, {}, "DATA RACE"}}),
            R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="deque" tests="2" failures="1" time="1.250">
    <properties>
      <property name="compiler" value=")" +
                std::string(Compiler()) + R"("/>
    </properties>
    <testcase name="Steal" classname="rc11" time="0.250">
      <properties>
        <property name="executions" value="17"/>
      </properties>
    </testcase>
    <testcase name="Pop" classname="bound 2" time="1.000">
      <failure message="DATA RACE"/>
    </testcase>
  </testsuite>
</testsuites>
)");
}

TEST_F(JUnitTest, NamesTheCompiler) {
  EXPECT_THAT(std::string(Compiler()), ContainsRegex("^(g[+][+]|clang) [1-9]"));
}

TEST_F(JUnitTest, TextIsEscaped) {
  EXPECT_EQ(Escaped("a -> b & \"c\" < 'd'"), "a -&gt; b &amp; &quot;c&quot; &lt; 'd'");
  EXPECT_EQ(Escaped("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d");
  EXPECT_EQ(Escaped("\u00e9\u20ac\U0001f600"), "\u00e9\u20ac\U0001f600");
}

TEST_F(JUnitTest, WhatXmlCannotHoldIsReplaced) {
  EXPECT_EQ(Escaped(std::string("a\0b\x1b", 4)), "a?b?");
  EXPECT_EQ(Escaped("a\x80z"), "a?z") << "no beginning";
  EXPECT_EQ(Escaped("a\xe2\x82"), "a??") << "no end";
  EXPECT_EQ(Escaped("\xc3("), "?(") << "no continuation";
  EXPECT_EQ(Escaped("\xc0\x80"), "??") << "not the shortest form";
  EXPECT_EQ(Escaped("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(Escaped("\xef\xbf\xbf"), "???") << "no character";
  EXPECT_EQ(Escaped("\xf4\x90\x80\x80"), "????") << "beyond Unicode";
  EXPECT_EQ(Escaped("\xff"), "?");
}

TEST_F(JUnitTest, WritesTheFileThatBazelNames) {
  const std::string path = testing::TempDir() + "/junit_test.xml";
  setenv("XML_OUTPUT_FILE", path.c_str(), 1);
  const std::vector<JUnitCase> cases = {{"Steal", "rc11", 0.25, {}, {}}};
  ASSERT_TRUE(WriteJUnit("deque", cases));
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), JUnitXml("deque", cases));
}

TEST_F(JUnitTest, WritesNothingOutsideOfBazel) {
  unsetenv("XML_OUTPUT_FILE");
  EXPECT_TRUE(WriteJUnit("deque", {}));
}

TEST_F(JUnitTest, AFileThatCannotBeWrittenIsAnError) {
  for (const char* path : {"/nonexistent/test.xml", "/dev/full"}) {
    setenv("XML_OUTPUT_FILE", path, 1);
    testing::internal::CaptureStderr();
    EXPECT_FALSE(WriteJUnit("deque", {}));
    EXPECT_THAT(testing::internal::GetCapturedStderr(),
                testing::AllOf(HasSubstr(path), ContainsRegex("No such file|No space")));
  }
}

}  // namespace
}  // namespace ashlar::verification
