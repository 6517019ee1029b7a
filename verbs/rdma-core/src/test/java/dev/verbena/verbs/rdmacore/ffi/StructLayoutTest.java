package dev.verbena.verbs.rdmacore.ffi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Compares every size, offset and constant of the binding with what the C compiler says of the installed headers. */
class StructLayoutTest {
    private static final String INCLUDES = """
            #include <stdio.h>
            #include <stddef.h>
            #include <fcntl.h>
            #include <poll.h>
            #include <netinet/in.h>
            #include <sys/eventfd.h>
            #include <sys/mman.h>
            #include <sys/resource.h>
            #include <sys/socket.h>
            #include <linux/mman.h>
            #include <infiniband/verbs.h>
            #include <rdma/rdma_cma.h>
            """;

    /** Class name to constant name to the numbers that C prints. */
    private static final Map<String, Map<String, String>> ANSWERS = new TreeMap<>();

    @BeforeAll
    static void askTheCompiler() throws Exception {
        CCompiler.require();
        StringBuilder program = new StringBuilder(INCLUDES).append("int main(void) {\n");
        for (Class<?> type : bindingClasses()) {
            for (Field field : constants(type)) {
                program.append(question(type, field));
            }
        }
        program.append("  return 0;\n}\n");
        Path source = CCompiler.directory().resolve("layout.c");
        Path binary = CCompiler.directory().resolve("layout");
        CCompiler.write(source, program.toString());
        CCompiler.compile(source, binary);
        CCompiler.run(List.of(binary.toString()), false).lines().forEach(line -> {
            String[] words = line.split(" ", 3);
            ANSWERS.computeIfAbsent(words[0], _ -> new TreeMap<>()).put(words[1], words[2]);
        });
    }

    @TestFactory
    Stream<DynamicTest> everyNumberIsTheCompilers() throws Exception {
        return bindingClasses().stream()
                .filter(type -> !constants(type).isEmpty())
                .map(type -> DynamicTest.dynamicTest(type.getSimpleName() + " agrees with the headers", () -> {
                    Map<String, String> java = new TreeMap<>();
                    for (Field field : constants(type)) {
                        java.put(field.getName(), claim(field));
                    }

                    assertThat(java).isEqualTo(ANSWERS.get(type.getSimpleName()));
                }));
    }

    @Test
    void everyStructTheDataPathTouchesIsCompared() throws Exception {
        List<String> compared =
                bindingClasses().stream().map(Class::getSimpleName).toList();

        assertThat(compared)
                .contains(
                        "IbvContext",
                        "VerbsContext",
                        "IbvSendWr",
                        "IbvRecvWr",
                        "IbvSge",
                        "IbvWc",
                        "IbvQpAttr",
                        "RdmaCmId");
    }

    @Test
    void theWorkCompletionsOfTheApiAreStructIbvWc() {
        assertThat(dev.verbena.verbs.WorkCompletions.RECORD_BYTES).isEqualTo(IbvWc.SIZE);
    }

    private static String question(Class<?> type, Field field) {
        String line = "  printf(\"" + type.getSimpleName() + " " + field.getName();
        CStruct struct = type.getAnnotation(CStruct.class);
        CStruct.Offset offset = field.getAnnotation(CStruct.Offset.class);
        if (offset != null) {
            String from = struct.origin().isEmpty() ? "0" : "offsetof(" + struct.value() + ", " + struct.origin() + ")";
            return line + " %ld %zu\\n\", (long) offsetof(" + struct.value() + ", " + offset.value() + ") - (long) "
                    + from + ", sizeof(((" + struct.value() + " *) 0)->" + offset.value() + "));\n";
        }
        if (field.isAnnotationPresent(CStruct.SizeOf.class)) {
            return line + " %zu\\n\", sizeof(" + struct.value() + "));\n";
        }
        CStruct.Value value = field.getAnnotation(CStruct.Value.class);
        String name = value.value().isEmpty() ? field.getName() : value.value();
        return line + " %lld\\n\", (long long) " + name + ");\n";
    }

    private static String claim(Field field) throws IllegalAccessException {
        field.setAccessible(true);
        CStruct.Offset offset = field.getAnnotation(CStruct.Offset.class);
        return field.getInt(null) + (offset == null ? "" : " " + offset.bytes());
    }

    private static List<Field> constants(Class<?> type) {
        List<Field> constants = new ArrayList<>();
        for (Field field : type.getDeclaredFields()) {
            if (field.isAnnotationPresent(CStruct.Offset.class)
                    || field.isAnnotationPresent(CStruct.SizeOf.class)
                    || field.isAnnotationPresent(CStruct.Value.class)) {
                constants.add(field);
            }
        }
        return constants;
    }

    private static List<Class<?>> bindingClasses() throws IOException, URISyntaxException, ClassNotFoundException {
        Path directory =
                Path.of(IbvSge.class.getResource("IbvSge.class").toURI()).getParent();
        List<Class<?>> classes = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString().replace(".class", "");
                if (!name.contains("$") && !name.equals("package-info")) {
                    classes.add(Class.forName(
                            IbvSge.class.getPackageName() + "." + name, false, IbvSge.class.getClassLoader()));
                }
            }
        }
        return classes;
    }
}
