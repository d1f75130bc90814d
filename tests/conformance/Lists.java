// Verifies one certificate with Java's PKIX and the lists it is given: java Lists.java ROOT CA CERTIFICATE LIST...
import java.io.FileInputStream;
import java.security.cert.*;
import java.util.*;

class Lists {
    public static void main(String[] files) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (String file : Arrays.copyOf(files, 3)) {
            certificates.add((X509Certificate) factory.generateCertificate(new FileInputStream(file)));
        }
        List<X509CRL> lists = new ArrayList<>();
        for (String file : Arrays.copyOfRange(files, 3, files.length)) {
            lists.add((X509CRL) factory.generateCRL(new FileInputStream(file)));
        }
        Set<TrustAnchor> anchors = Set.of(new TrustAnchor(certificates.get(0), null));
        PKIXParameters parameters = new PKIXParameters(anchors);
        parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
        parameters.setRevocationEnabled(true);
        CertPath path = factory.generateCertPath(List.of(certificates.get(2), certificates.get(1)));
        try {
            CertPathValidator.getInstance("PKIX").validate(path, parameters);
            System.out.println("valid");
        } catch (CertPathValidatorException problem) {
            System.out.println(problem.getReason());
        }
    }
}
