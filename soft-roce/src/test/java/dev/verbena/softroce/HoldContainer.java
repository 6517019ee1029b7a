package dev.verbena.softroce;

import java.io.IOException;

/** Starts a container, says its id, and either waits to be killed ({@code hold}) or cleans up ({@code once}). */
final class HoldContainer {
    private HoldContainer() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        SoftRoceLab lab = SoftRoceLab.find();
        try (SoftRoceContainer container = new SoftRoceContainer(lab, lab.device(0))) {
            container.start();
            System.out.println("started " + container.getContainerId());
            if (args[0].equals("hold")) {
                Thread.currentThread().join();
            }
        }
    }
}
