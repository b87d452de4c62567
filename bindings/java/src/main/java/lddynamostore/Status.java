package lddynamostore;

/** Every status of the C header, by its name without {@code LD_DYNAMO_}. */
public final class Status {
  /** Success. */
  public static final int OK = 0;
  /** There is no such item, no full data set, no Big Segments data. */
  public static final int NOT_FOUND = 1;
  /** upsert: the table holds this version or a newer one. */
  public static final int NOT_NEWER = 2;
  /** upsert: the item is over the size limit of 400,000 bytes. */
  public static final int TOO_LARGE = 3;
  /** The cache does not know, and the table would have to be asked. */
  public static final int NOT_CACHED = 4;
  /** A patch of Big Segments: the table's cursor is not the patch's previous version. */
  public static final int OUT_OF_ORDER = 5;
  /** An argument is missing. */
  public static final int NULL_ARGUMENT = -1;
  /** A text is not UTF-8. */
  public static final int INVALID_UTF8 = -2;
  /** A text is not JSON. */
  public static final int INVALID_JSON = -3;
  /** An item is not a JSON object, or has no integer version. */
  public static final int INVALID_ITEM = -4;
  /** A kind that cannot be a namespace. */
  public static final int INVALID_KIND = -5;
  /** A key that DynamoDB cannot hold. */
  public static final int INVALID_KEY = -6;
  /** A data set of the wrong shape. */
  public static final int INVALID_DATA_SET = -7;
  /** A patch of Big Segments of the wrong shape, or a time before 1970. */
  public static final int INVALID_BIG_SEGMENTS = -8;
  /** The configuration is wrong. */
  public static final int INVALID_CONFIGURATION = -100;
  /** The AWS profile needs {@code credential_process}, SSO or a sign-in. */
  public static final int UNSUPPORTED_CREDENTIALS = -101;
  /** No AWS region could be found. */
  public static final int NO_REGION = -102;
  /** DynamoDB knows no such table in this region. */
  public static final int TABLE_NOT_FOUND = -200;
  /** The table has other keys. */
  public static final int TABLE_MISMATCH = -201;
  /** AWS refused the credentials, or they lack a permission. */
  public static final int ACCESS_DENIED = -202;
  /** No AWS credentials could be found, or those that were handed in have expired. */
  public static final int NO_CREDENTIALS = -203;
  /** Any other refusal or fault that DynamoDB reported. */
  public static final int SERVICE_ERROR = -204;
  /** DynamoDB throttled every attempt. */
  public static final int THROTTLED = -300;
  /** The call ran out of its time. */
  public static final int TIMED_OUT = -400;
  /** No connection could be made, or it broke. */
  public static final int UNREACHABLE = -401;
  /** What came back was no answer of DynamoDB's. */
  public static final int INVALID_RESPONSE = -402;
  /** The stored item is not a string or not a JSON object. */
  public static final int CORRUPT_ITEM = -500;
  /** The store is read-only. */
  public static final int READ_ONLY = -600;
  /** The library could not do its own work. */
  public static final int INTERNAL = -900;
  /** A defect in the library. */
  public static final int PANIC = -901;

  private Status() {}
}
